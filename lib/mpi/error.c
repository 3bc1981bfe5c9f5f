/* SPDX-License-Identifier: MIT */
#include "mpi/error.h"

#include <stdarg.h>
#include <stdio.h>

#include <mpi.h>

#include <tvae/mpi.h>

enum { MESSAGE_BYTES = 1024 };

static _Thread_local char last_error[MESSAGE_BYTES];

tvae_status tvi_mpi_fail(tvae_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    return status;
}

tvae_status tvi_mpi_status(const char *call, int code)
{
    char reason[MPI_MAX_ERROR_STRING] = "";
    int class = MPI_ERR_OTHER, length = 0;

    if (code == MPI_SUCCESS)
        return TVAE_OK;
    (void)MPI_Error_class(code, &class);
    (void)MPI_Error_string(code, reason, &length);
    return tvi_mpi_fail(class == MPI_ERR_NO_MEM ? TVAE_E_NOMEM : TVAE_E_IO,
                        "%s failed with MPI's error %d: %.*s", call, code, length,
                        reason);
}

const char *tvae_mpi_last_error(void)
{
    return last_error;
}
