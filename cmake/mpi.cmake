# Plug-ins for MPI, one for each MPI whose compiler is there: thalweg-mpi-openmpi.so, thalweg-mpi-mpich.so. Compiled by that MPI's compiler, which
# knows its headers and libraries, on top of ours: FindMPI knows one MPI at a time.
# SPDX-License-Identifier: MIT
set(mpi_plugins)
find_program(TW_MPICC_openmpi NAMES mpicc.openmpi)
find_program(TW_MPICC_mpich NAMES mpicc.mpich)
find_program(TW_MPICC NAMES mpicc)
if(TW_MPICC AND NOT TW_MPICC_openmpi AND NOT TW_MPICC_mpich) # elsewhere than in Debian there is one, without a name
    execute_process(COMMAND ${TW_MPICC} --showme:version RESULT_VARIABLE other OUTPUT_QUIET ERROR_QUIET)
    if(other)
        set(TW_MPICC_mpich ${TW_MPICC})
    else()
        set(TW_MPICC_openmpi ${TW_MPICC})
    endif()
endif()
foreach(mpi openmpi mpich)
    if(TW_MPICC_${mpi})
        set(plugin ${PROJECT_BINARY_DIR}/thalweg-mpi-${mpi}.so)
        set(source ${PROJECT_SOURCE_DIR}/src/exchange/mpi/plugin.c)
        add_custom_command(OUTPUT ${plugin} DEPENDS ${source} ${PROJECT_SOURCE_DIR}/include/thalweg/link.h
            COMMAND ${CMAKE_COMMAND} -E env OMPI_CC=${CMAKE_C_COMPILER} MPICH_CC=${CMAKE_C_COMPILER} ${TW_MPICC_${mpi}} -std=gnu11 -O2 -Wall -Wextra -fPIC
                -fvisibility=hidden -shared -Wl,-z,relro,-z,now -I${PROJECT_SOURCE_DIR}/include -I${PROJECT_BINARY_DIR}/generated ${source} -o ${plugin}
            COMMENT "Linking thalweg-mpi-${mpi}.so" VERBATIM)
        list(APPEND mpi_plugins ${plugin})
    endif()
endforeach()
add_custom_target(thalweg_mpi ALL DEPENDS ${mpi_plugins})
