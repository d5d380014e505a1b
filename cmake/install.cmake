# Installing: the libraries (shared and static), their headers, the program, pkg-config files and a CMake package.
# SPDX-License-Identifier: MIT
include(CMakePackageConfigHelpers)

install(TARGETS thalweg thalweg_static EXPORT thalwegTargets)
if(NOT TW_CORE_ONLY)
    install(TARGETS thalweg_train thalweg_train_static EXPORT thalweg-trainTargets)
    install(TARGETS thalweg_program)
    install(FILES ${train_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/thalweg)
endif()
install(FILES ${core_headers} ${PROJECT_BINARY_DIR}/generated/thalweg/version.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/thalweg)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The .pc files find the tree from their own place, so that `cmake --install --prefix` and later moves work.
set(TW_PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
set(TW_PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR})
set(TW_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR} AND NOT IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
    file(RELATIVE_PATH up /at/${CMAKE_INSTALL_LIBDIR}/pkgconfig /at)
    string(REGEX REPLACE "/$" "" up ${up})
    set(TW_PC_PREFIX "\${pcfiledir}/${up}")
    set(TW_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
    set(TW_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
# What a static link of libthalweg-train needs. Requires.private would bring in what those libraries need for a static link of their own, of which
# a system has not all.
string(JOIN " " TW_TRAIN_NEEDS ${ARCHIVE_LDFLAGS} ${JANSSON_LDFLAGS} ${XXHASH_LDFLAGS} ${SQLITE_LDFLAGS})
set(packages thalweg)
if(NOT TW_CORE_ONLY)
    list(APPEND packages thalweg-train)
endif()
foreach(name ${packages})
    configure_file(cmake/${name}.pc.in generated/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/generated/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/thalweg)
configure_package_config_file(cmake/thalwegConfig.cmake.in generated/thalwegConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(generated/thalwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/thalwegConfig.cmake ${PROJECT_BINARY_DIR}/generated/thalwegConfigVersion.cmake DESTINATION ${package})
install(EXPORT thalwegTargets NAMESPACE thalweg:: DESTINATION ${package})
if(NOT TW_CORE_ONLY)
    install(EXPORT thalweg-trainTargets NAMESPACE thalweg:: DESTINATION ${package})
endif()

# Root's install into the running system: the loader finds /usr/local/lib through its cache. A staged tree (DESTDIR) belongs to another system.
install(CODE [[
    execute_process(COMMAND id -u OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE)
    find_program(ldconfig ldconfig PATHS /sbin /usr/sbin NO_CACHE)
    if(user STREQUAL "0" AND "$ENV{DESTDIR}" STREQUAL "" AND ldconfig)
        execute_process(COMMAND ${ldconfig} RESULT_VARIABLE failed)
        if(failed)
            message(WARNING "${ldconfig} failed; programs find the shared libraries once it has run")
        endif()
    endif()
]])
