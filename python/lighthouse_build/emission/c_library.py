# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the C library has: functions that lowered code calls, and names that its headers take.

A library that exports such a function replaces the C library's in the whole program, and if its code calls the latter,
it calls itself. Pure data.
"""

from __future__ import annotations

__all__ = ["COMPLEX", "FUNCTIONS", "LIBC", "LIBM", "MACROS", "TYPES"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _with_suffixes(bases: str, suffixes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(base + suffix for base in bases.split() for suffix in suffixes)


_FORMATS = ("", "f", "l")  # double, float, long double

# Functions that LLVM or MLIR call of their own accord, besides those of <math.h>.
LIBC = _names(
    """
    abort aligned_alloc bcmp calloc exit fflush fputc fputs fwrite free malloc memchr memcmp memcpy memmove memset
    posix_memalign printf putchar puts realloc snprintf sprintf strcmp strlen strncmp vprintf write
    __assert_fail __memcpy_chk __memmove_chk __memset_chk
    """
)

# libm, with _Float128, which is a type of its own where long double has another format.
LIBM = _with_suffixes(
    """
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp10 exp2 expm1 fabs fdim floor fma
    fmax fmaximum fmaximum_num fmin fminimum fminimum_num fmod frexp hypot ilogb ldexp lgamma llrint llround log log10
    log1p log2 logb lrint lround modf nan nearbyint nextafter pow remainder remquo rint round roundeven scalbln scalbn
    sin sincos sinh sqrt tan tanh tgamma trunc
    """,
    (*_FORMATS, "f128"),
)

# libm's complex functions, to which MLIR's complex dialect can be lowered.
COMPLEX = _with_suffixes(
    """
    cabs cacos cacosh carg casin casinh catan catanh ccos ccosh cexp cimag clog conj cpow cproj creal csin csinh csqrt
    ctan ctanh
    """,
    _FORMATS,
)

# The other functions of <math.h> in C23.
_MATH = _with_suffixes(
    """
    acospi asinpi atan2pi atanpi canonicalize compoundn cospi exp10m1 exp2m1 fmaximum_mag fmaximum_mag_num fminimum_mag
    fminimum_mag_num fromfp fromfpx llogb log10p1 log2p1 logp1 nextdown nexttoward nextup pown powr rootn rsqrt sinpi
    tanpi ufromfp ufromfpx
    """,
    _FORMATS,
) | _names("daddl ddivl dfmal dmull dsqrtl dsubl fadd faddl fdiv fdivl ffma ffmal fmul fmull fsqrt fsqrtl fsub fsubl")

# The other functions of C23.
_STANDARD = _names(
    """
    abs asctime at_quick_exit atexit atof atoi atol atoll bsearch btowc c16rtomb c32rtomb c8rtomb call_once clearerr
    clock cnd_broadcast cnd_destroy cnd_init cnd_signal cnd_timedwait cnd_wait ctime difftime div fclose feclearexcept
    fegetenv fegetexceptflag fegetmode fegetround feholdexcept feof feraiseexcept ferror fesetenv fesetexcept
    fesetexceptflag fesetmode fesetround fetestexcept fetestexceptflag feupdateenv fgetc fgetpos fgets fgetwc fgetws
    fopen fprintf fputwc fputws fread free_aligned_sized free_sized freopen fscanf fseek fsetpos ftell fwide fwprintf
    fwscanf getc getchar getenv getwc getwchar gmtime gmtime_r imaxabs imaxdiv isalnum isalpha isblank iscntrl isdigit
    isgraph islower isprint ispunct isspace isupper iswalnum iswalpha iswblank iswcntrl iswctype iswdigit iswgraph
    iswlower iswprint iswpunct iswspace iswupper iswxdigit isxdigit labs ldiv llabs lldiv localeconv localtime
    localtime_r longjmp mblen mbrlen mbrtoc16 mbrtoc32 mbrtoc8 mbrtowc mbsinit mbsrtowcs mbstowcs mbtowc memalignment
    memccpy memset_explicit mktime mtx_destroy mtx_init mtx_lock mtx_timedlock mtx_trylock mtx_unlock perror putc putwc
    putwchar qsort quick_exit raise rand remove rename rewind scanf setbuf setjmp setlocale setvbuf signal srand sscanf
    strcat strchr strcoll strcpy strcspn strdup strerror strfromd strfromf strfroml strftime strncat strncpy strndup
    strpbrk strrchr strspn strstr strtod strtof strtoimax strtok strtol strtold strtoll strtoul strtoull strtoumax
    strxfrm swprintf swscanf system thrd_create thrd_current thrd_detach thrd_equal thrd_exit thrd_join thrd_sleep
    thrd_yield time timegm timespec_get timespec_getres tmpfile tmpnam tolower toupper towctrans towlower towupper
    tss_create tss_delete tss_get tss_set ungetc ungetwc vfprintf vfscanf vfwprintf vfwscanf vscanf vsnprintf vsprintf
    vsscanf vswprintf vswscanf vwprintf vwscanf wcrtomb wcscat wcschr wcscmp wcscoll wcscpy wcscspn wcsftime wcslen
    wcsncat wcsncmp wcsncpy wcspbrk wcsrchr wcsrtombs wcsspn wcsstr wcstod wcstof wcstoimax wcstok wcstol wcstold
    wcstoll wcstombs wcstoul wcstoull wcstoumax wcsxfrm wctob wctomb wctrans wctype wmemchr wmemcmp wmemcpy wmemmove
    wmemset wprintf wscanf
    """
)

# What headers of Unix declare besides where `lighthouse/memref.h` includes those of C, as plain names.
_UNIX = _names(
    """
    a64l alloca arc4random arc4random_buf arc4random_uniform asprintf basename bcopy bzero clearenv clone ctermid
    cuserid daylight drand48 drem dremf dreml dprintf duplocale dysize ecvt environ erand48 explicit_bzero fcvt fdopen
    ffs ffsl ffsll fileno finite finitef finitel flockfile fmaxmag fminmag fmemopen freelocale fseeko ftello
    ftrylockfile funlockfile gamma gammaf gammal gcvt getcpu getdate getdelim getline getloadavg getpayload getpt
    getsubopt getw grantpt index initstate isascii j0 j0f j0l j1 j1f j1l jn jnf jnl jrand48 l64a lcong48 lrand48 memfrob
    memmem mempcpy memrchr mkdtemp mkostemp mkstemp mkstemps mktemp mrand48 nanosleep newlocale nrand48 on_exit
    open_memstream pclose popen pselect ptsname putenv putw qecvt qfcvt qgcvt qsort_r rand_r random rawmemchr realpath
    reallocarray renameat rindex rpmatch scalb scalbf scalbl secure_getenv seed48 select setbuffer setenv setlinebuf
    setns setpayload setstate signgam significand significandf significandl srand48 srandom stpcpy stpncpy strcasecmp
    strcasestr strchrnul strfry strncasecmp strnlen strptime strsep strsignal strtok_r strtoq strtouq strverscmp tempnam
    timelocal timezone toascii totalorder totalordermag tzname tzset unlockpt unsetenv unshare uselocale valloc
    vasprintf vdprintf wcpcpy wcpncpy wcsdup wcsnlen wcswcs wcswidth wcwidth y0 y0f y0l y1 y1f y1l yn ynf ynl
    """
)

# All functions.
FUNCTIONS = LIBC | LIBM | COMPLEX | _MATH | _STANDARD | _UNIX

_INTEGERS = " ".join(f"int{kind}{bits}" for kind in ("", "_fast", "_least") for bits in (8, 16, 32, 64))

# Types that `lighthouse/memref.h` brings with it.
TYPES = (
    _with_suffixes(f"{_INTEGERS} intmax intptr u_int8 u_int16 u_int32 u_int64", ("_t",))
    | frozenset(f"u{name}_t" for name in (*_INTEGERS.split(), "intmax", "intptr"))
    | _names(
        """
        FILE clock_t dev_t div_t double_t fd_set float_t fpos_t gid_t id_t ino_t key_t ldiv_t lldiv_t locale_t
        max_align_t mbstate_t mode_t nlink_t nullptr_t off_t pid_t ptrdiff_t pthread_t quad_t register_t sigset_t size_t
        ssize_t time_t timer_t u_char u_int u_long u_short uid_t uint ulong ushort va_list wctrans_t wctype_t wint_t
        """
    )
)

# Macros that it may bring with it, and two of C compilers.
MACROS = (
    frozenset(
        f"{sign}{name.upper()}_{end}"
        for sign in ("", "U")
        for name in (*_INTEGERS.split(), "intmax", "intptr")
        for end in ("C", "MAX", "MIN", "WIDTH")
    )
    | frozenset(
        f"{name}_{end}"
        for name in ("PTRDIFF", "SIG_ATOMIC", "SIZE", "WCHAR", "WINT")
        for end in ("MAX", "MIN", "WIDTH")
    )
    | _names(
        """
        BIG_ENDIAN BUFSIZ BYTE_ORDER CLOCKS_PER_SEC EDOM EILSEQ EINVAL EIO ENOMEM EOF EPERM ERANGE EXIT_FAILURE
        EXIT_SUCCESS FILENAME_MAX FOPEN_MAX FP_INFINITE FP_NAN FP_NORMAL FP_SUBNORMAL FP_ZERO HUGE_VAL HUGE_VALF
        HUGE_VALL I INFINITY LC_ALL LC_COLLATE LC_CTYPE LC_MONETARY LC_NUMERIC LC_TIME LITTLE_ENDIAN L_tmpnam MAXFLOAT
        MB_CUR_MAX M_1_PI M_2_PI M_2_SQRTPI M_E M_LN10 M_LN2 M_LOG10E M_LOG2E M_PI M_PI_2 M_PI_4 M_SQRT1_2 M_SQRT2 NAN
        NULL PDP_ENDIAN RAND_MAX SEEK_CUR SEEK_END SEEK_SET SNAN TIME_UTC TMP_MAX WEOF alloca assert errno linux
        math_errhandling offsetof stderr stdin stdout strdupa strndupa unix
        """
    )
)
