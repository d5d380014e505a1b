# Installing: both libraries (shared and static), the headers, the program, pkg-config files and a CMake package.
# SPDX-License-Identifier: MIT
include(CMakePackageConfigHelpers)

foreach(target thalweg thalweg_train)
    target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_compile_options(${target} INTERFACE $<INSTALL_INTERFACE:-fno-math-errno>) # rules of one's own vectorise only with it
endforeach()
set_target_properties(thalweg_train PROPERTIES EXPORT_NAME train)
install(TARGETS thalweg thalweg_train EXPORT thalwegTargets)
install(TARGETS thalweg_static thalweg_train_static)
if(TARGET thalweg_program)
    install(TARGETS thalweg_program)
endif()
install(DIRECTORY include/thalweg ${PROJECT_BINARY_DIR}/generated/thalweg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
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
foreach(name thalweg thalweg-train)
    configure_file(cmake/${name}.pc.in generated/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/generated/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/thalweg)
configure_package_config_file(cmake/thalwegConfig.cmake.in generated/thalwegConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(generated/thalwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/thalwegConfig.cmake ${PROJECT_BINARY_DIR}/generated/thalwegConfigVersion.cmake DESTINATION ${package})
install(EXPORT thalwegTargets NAMESPACE thalweg:: DESTINATION ${package})
