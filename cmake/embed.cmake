# Files that are built into the library as bytes: the report's page, its style and script, dygraphs, and the figures' gnuplot scripts.
# Run as a script (cmake -P) it turns one file into C; included, it makes that part of the build, so that a changed asset is seen.
# SPDX-License-Identifier: MIT
if(CMAKE_SCRIPT_MODE_FILE)
    file(READ ${from} bytes HEX)
    # A source map is a second file that a browser's debugger would ask for: "//# sourceMappingURL=" or "/*# sourceMappingURL=" to the end.
    string(REGEX REPLACE "2f(2f|2a)2320736f757263654d617070696e6755524c3d.*$" "" bytes "${bytes}")
    string(LENGTH "${bytes}" digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(REPEAT "0x..," 24 line)
    string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
    file(WRITE ${to} "/* Made from ${label} by cmake/embed.cmake. */\n#include \"race/assets.h\"\nconst unsigned char tw__asset_${name}[] = {\n${bytes}0x00};\nconst size_t tw__asset_${name}_size = ${size};\n")
    return()
endif()

function(tw_embed target name from)
    set(to ${PROJECT_BINARY_DIR}/generated/assets/${name}.c)
    get_filename_component(label ${from} NAME)
    set(script ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
    add_custom_command(OUTPUT ${to} DEPENDS ${from} ${script} VERBATIM
        COMMAND ${CMAKE_COMMAND} -Dfrom=${from} -Dto=${to} -Dname=${name} -Dlabel=${label} -P ${script})
    target_sources(${target} PRIVATE ${to})
endfunction()

find_path(DYGRAPHS_DIR dygraph.min.js PATHS /usr/share/javascript/dygraphs /usr/share/nodejs/dygraphs/dist NO_DEFAULT_PATH
    DOC "Folder of dygraph.min.js and dygraph.min.css")
if(NOT DYGRAPHS_DIR OR NOT EXISTS ${DYGRAPHS_DIR}/dygraph.min.css)
    message(FATAL_ERROR "dygraphs is missing: install libjs-dygraphs (Debian, Ubuntu), or set DYGRAPHS_DIR to the folder of its dygraph.min.js and dygraph.min.css")
endif()
if(TARGET tw_race)
    tw_embed(tw_race page ${PROJECT_SOURCE_DIR}/assets/report.html)
    tw_embed(tw_race style ${PROJECT_SOURCE_DIR}/assets/report.css)
    tw_embed(tw_race script ${PROJECT_SOURCE_DIR}/assets/report.js)
    tw_embed(tw_race dygraphs_style ${DYGRAPHS_DIR}/dygraph.min.css)
    tw_embed(tw_race dygraphs ${DYGRAPHS_DIR}/dygraph.min.js)
    file(GLOB figures CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/race/figures/*.gp)
    foreach(script ${figures})
        get_filename_component(figure ${script} NAME_WE)
        tw_embed(tw_race figure_${figure} ${script})
    endforeach()
endif()
