# Hardening, for gcc and clang: each flag where the compiler and the linker have it for this machine, and none under a sanitizer, which sees more.
# The contract `hardening` looks for each in the binaries.
# SPDX-License-Identifier: MIT
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)
check_pie_supported(OUTPUT_VARIABLE no_pie LANGUAGES C) # from here on CMake links programs with -pie

add_library(tw_hardening INTERFACE)
if(CMAKE_C_FLAGS MATCHES "-fsanitize")
    return()
endif()

# Of CET, Linux enforces the shadow stack in programs but not IBT, whose marks would cost the core 4 KB; ARM has both in one flag.
# -fno-plt: what is bound at the start needs no stubs that bind it later.
set(CMAKE_REQUIRED_FLAGS -Werror) # clang only warns of a flag of another machine
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=return -mbranch-protection=standard -fno-plt)
    string(MAKE_C_IDENTIFIER "has${flag}" has)
    check_c_compiler_flag(${flag} ${has})
    if(${has})
        target_compile_options(tw_hardening INTERFACE ${flag})
    endif()
endforeach()

# A libc built without CET has startup files that do not say SHSTK; they return from where they were called all the same.
foreach(word relro now noexecstack shstk)
    check_linker_flag(C -Wl,-z,${word} has_z_${word})
    if(has_z_${word})
        target_link_options(tw_hardening INTERFACE -Wl,-z,${word})
    endif()
endforeach()

# Checked calls need an optimiser, which knows sizes.
foreach(level 3 2)
    set(fortify -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level})
    string(JOIN " " CMAKE_REQUIRED_FLAGS ${TW_OPTIMISE} ${fortify})
    check_c_source_compiles("#include <string.h>
#if __USE_FORTIFY_LEVEL < ${level}
#error not at this level
#endif
int main(void) { return 0; }" has_fortify_${level})
    if(has_fortify_${level})
        target_compile_options(tw_hardening INTERFACE ${fortify})
        break()
    endif()
endforeach()
unset(CMAKE_REQUIRED_FLAGS)
