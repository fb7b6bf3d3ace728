# SPDX-License-Identifier: MIT
# WSRAY_WARN_CFLAGS(VARIABLE): the warnings the compiler knows, in VARIABLE.
AC_DEFUN([WSRAY_WARN_CFLAGS], [
    $1=
    wsray_saved_cflags=$CFLAGS
    for wsray_flag in -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
        -Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef \
        -Wvla -Wimplicit-fallthrough -Wduplicated-cond
    do
        AC_MSG_CHECKING([whether $CC takes $wsray_flag])
        CFLAGS="$wsray_saved_cflags -Werror $wsray_flag"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
            [AC_MSG_RESULT([yes]); $1="$$1 $wsray_flag"],
            [AC_MSG_RESULT([no])])
    done
    CFLAGS=$wsray_saved_cflags
])
