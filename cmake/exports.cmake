# Which names the shared libraries export: decided by the linker's version scripts, by the prefix of a name (tw_ public, tw__ ours).
# Objects are compiled with default visibility because hidden names could not cross from libthalweg to libthalweg-train; inside a library
# calls are bound directly all the same.
# SPDX-License-Identifier: MIT
function(tw_exports target map)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/${map}.map.in ${PROJECT_BINARY_DIR}/generated/${map}.map @ONLY)
    target_link_options(${target} PRIVATE -Wl,--version-script=${PROJECT_BINARY_DIR}/generated/${map}.map -Wl,-Bsymbolic-functions)
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${PROJECT_BINARY_DIR}/generated/${map}.map)
endfunction()

# The members of a registry are reached through it: a new rule or schedule is no new name for the linker.
foreach(folder rules transforms schedules)
    if(TARGET tw_${folder})
        target_compile_options(tw_${folder} PRIVATE -fvisibility=hidden)
    endif()
endforeach()
