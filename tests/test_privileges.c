/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>

#include "config.h"
#include "tests/check_main.h"
#include "tests/in_child.h"
#include "ui/privileges.h"

#if defined(__linux__) && defined(HAVE_LINUX_CAPABILITY_H)

#define NOBODY 65534u

/* ------------------------------------------------------------- the plan */

static const struct {
    const char *name;
    struct privileges_facts facts;
    enum err code;
    unsigned uid, gid;
    enum privileges_reason reason;
} plans[] = {
    {"an ordinary user stays",
     {NULL, 1000, 1000, 100, 100, NULL, NULL, true, false},
     ERR_OK,
     1000,
     100,
     PRIVILEGES_STAY},
    {"whose SUDO_UID counts nothing",
     {NULL, 1000, 1000, 100, 100, "0", "0", true, false},
     ERR_OK,
     1000,
     100,
     PRIVILEGES_STAY},
    {"nor whose broken SUDO_UID",
     {NULL, 1000, 1000, 100, 100, "x", NULL, true, false},
     ERR_OK,
     1000,
     100,
     PRIVILEGES_STAY},
    {"a setuid-root binary goes back",
     {NULL, 1000, 0, 100, 100, NULL, NULL, true, false},
     ERR_OK,
     1000,
     100,
     PRIVILEGES_REAL},
    {"and believes no environment",
     {NULL, 1000, 0, 100, 100, "33", "33", true, false},
     ERR_OK,
     1000,
     100,
     PRIVILEGES_REAL},
    {"nor -Z",
     {"33:33", 1000, 0, 100, 100, NULL, NULL, true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"but -Z for oneself",
     {"54321:100", 54321, 54321, 100, 100, NULL, NULL, true, false},
     ERR_OK,
     54321,
     100,
     PRIVILEGES_USER},
    {"root that is real only",
     {NULL, 0, 1000, 0, 100, NULL, NULL, true, false},
     ERR_OK,
     1000,
     100,
     PRIVILEGES_REAL},
    {"sudo",
     {NULL, 0, 0, 0, 0, "1000", "100", true, false},
     ERR_OK,
     1000,
     100,
     PRIVILEGES_SUDO},
    {"-Z goes before sudo",
     {"70000:70001", 0, 0, 0, 0, "1000", "100", true, false},
     ERR_OK,
     70000,
     70001,
     PRIVILEGES_USER},
    {"-Z root",
     {"root", 0, 0, 0, 0, NULL, NULL, true, false},
     ERR_OK,
     0,
     0,
     PRIVILEGES_USER},
    {"-Z 0",
     {"0", 0, 0, 0, 0, NULL, NULL, true, false},
     ERR_OK,
     0,
     0,
     PRIVILEGES_USER},
    {"root in a namespace of its own",
     {NULL, 0, 0, 0, 0, NULL, NULL, false, false},
     ERR_OK,
     0,
     0,
     PRIVILEGES_STAY},
    {"root that may not become another",
     {NULL, 0, 0, 0, 0, NULL, NULL, true, true},
     ERR_OK,
     0,
     0,
     PRIVILEGES_BOUND},
    {"not with sudo either",
     {NULL, 0, 0, 0, 0, "1000", "100", true, true},
     ERR_OK,
     0,
     0,
     PRIVILEGES_BOUND},
    {"-Z is tried all the same",
     {"70000:70001", 0, 0, 0, 0, NULL, NULL, true, true},
     ERR_OK,
     70000,
     70001,
     PRIVILEGES_USER},
    {"an ordinary user has no such right",
     {NULL, 1000, 1000, 100, 100, NULL, NULL, true, true},
     ERR_OK,
     1000,
     100,
     PRIVILEGES_STAY},
    {"no number",
     {NULL, 0, 0, 0, 0, "alice", "1", true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"a sign", {NULL, 0, 0, 0, 0, "-1", "1", true, false}, ERR_USAGE, 0, 0, 0},
    {"a plus", {NULL, 0, 0, 0, 0, "+1", "1", true, false}, ERR_USAGE, 0, 0, 0},
    {"a space", {NULL, 0, 0, 0, 0, " 1", "1", true, false}, ERR_USAGE, 0, 0, 0},
    {"behind", {NULL, 0, 0, 0, 0, "1 ", "1", true, false}, ERR_USAGE, 0, 0, 0},
    {"hex", {NULL, 0, 0, 0, 0, "0x10", "1", true, false}, ERR_USAGE, 0, 0, 0},
    {"empty", {NULL, 0, 0, 0, 0, "", "1", true, false}, ERR_USAGE, 0, 0, 0},
    {"that means unchanged",
     {NULL, 0, 0, 0, 0, "4294967295", "1", true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"that wraps to 0",
     {NULL, 0, 0, 0, 0, "4294967296", "1", true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"that wraps 64 bits",
     {NULL, 0, 0, 0, 0, "18446744073709551617", "1", true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"the highest",
     {NULL, 0, 0, 0, 0, "4294967294", "4294967294", true, false},
     ERR_OK,
     4294967294u,
     4294967294u,
     PRIVILEGES_SUDO},
    {"no group",
     {NULL, 0, 0, 0, 0, "1", NULL, true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"a bad group",
     {NULL, 0, 0, 0, 0, "1", "1x", true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"-Z of no one",
     {"no-such-user-here", 0, 0, 0, 0, NULL, NULL, true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"-Z empty", {"", 0, 0, 0, 0, NULL, NULL, true, false}, ERR_USAGE, 0, 0, 0},
    {"-Z of a number without a group",
     {"3999999999", 0, 0, 0, 0, NULL, NULL, true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"-Z with half a group",
     {"1000:", 0, 0, 0, 0, NULL, NULL, true, false},
     ERR_USAGE,
     0,
     0,
     0},
    {"-Z with too much",
     {"1000:100:1", 0, 0, 0, 0, NULL, NULL, true, false},
     ERR_USAGE,
     0,
     0,
     0},
};

START_TEST(the_plan_follows_from_who_started_it)
{
    struct privileges p = {.uid = 7, .gid = 7};
    struct guard_error e = {0};
    enum err code = privileges_plan_from(&p, &plans[_i].facts, &e);
    ck_assert_msg(code == plans[_i].code, "%s: %s", plans[_i].name, e.reason);
    if (code != ERR_OK) {
        ck_assert_msg(e.reason[0] != '\0' && e.code == code, "%s: no reason",
                      plans[_i].name);
        ck_assert_msg(p.uid == 7 && p.gid == 7, "%s: written", plans[_i].name);
        return;
    }
    ck_assert_msg(p.uid == plans[_i].uid && p.gid == plans[_i].gid &&
                      p.reason == plans[_i].reason,
                  "%s: %u, %u", plans[_i].name, (unsigned)p.uid,
                  (unsigned)p.gid);
}
END_TEST

START_TEST(root_becomes_nobody_and_its_broker_stays_root)
{
    static const struct privileges_facts root = {.nobody_is_mapped = true};
    static const struct privileges_facts zero = {.nobody_is_mapped = true,
                                                 .sudo_uid = "0",
                                                 .sudo_gid = "0"};
    struct privileges p, q;
    struct guard_error e;
    ck_assert_int_eq(privileges_plan_from(&p, &root, &e), ERR_OK);
    ck_assert_uint_ne(p.uid, 0);
    ck_assert_uint_ne(p.gid, 0);
    ck_assert_int_eq(p.reason, PRIVILEGES_NOBODY);
    q = privileges_for_broker(&p);
    ck_assert_uint_eq(q.uid, 0);
    ck_assert_uint_eq(q.gid, 0);
    /* Root that called sudo is root. */
    ck_assert_int_eq(privileges_plan_from(&q, &zero, &e), ERR_OK);
    ck_assert_int_eq(q.reason, PRIVILEGES_NOBODY);
    ck_assert_uint_eq(q.uid, p.uid);
}
END_TEST

START_TEST(the_broker_of_others_is_who_they_are)
{
    static const struct privileges_facts sudo = {.nobody_is_mapped = true,
                                                 .sudo_uid = "1000",
                                                 .sudo_gid = "100"};
    struct privileges p, q;
    struct guard_error e;
    char text[96];
    ck_assert_int_eq(privileges_plan_from(&p, &sudo, &e), ERR_OK);
    q = privileges_for_broker(&p);
    ck_assert_uint_eq(q.uid, 1000);
    ck_assert_uint_eq(q.gid, 100);
    privileges_describe(&q, text, sizeof text);
    ck_assert_str_eq(text, "as user 1000, group 100 (who called sudo)");
}
END_TEST

/* ---------------------------------------------------------------- doing it */

/* Everything that must hold afterwards, by asking the kernel anew. */
static const char *
find_rights(const struct privileges *p)
{
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};
    uid_t u[3];
    gid_t g[3];
    char line[64];
    int fd = open("/proc/self/status", O_RDONLY);
    if (getresuid(&u[0], &u[1], &u[2]) != 0 || u[0] != p->uid ||
        u[1] != p->uid || u[2] != p->uid)
        return "user";
    if (getresgid(&g[0], &g[1], &g[2]) != 0 || g[0] != p->gid ||
        g[1] != p->gid || g[2] != p->gid)
        return "group";
    if (!privileges_none())
        return "capget";
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return "no_new_privs";
    for (size_t i = 0; fd >= 0 && i < sizeof sets / sizeof sets[0]; i++)
        if (status_line(fd, sets[i], line, sizeof line) &&
            strspn(line, "0") != strlen(line))
            return sets[i];
    if (p->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
        return "setuid(0)";
    if (p->uid != 0 && p->gid != 0 && (setgid(0) == 0 || setegid(0) == 0))
        return "setgid(0)";
    return NULL;
}

static const char *
drop(const struct privileges *p)
{
    static struct guard_error e;
    return privileges_drop(p, &e) == ERR_OK ? NULL : e.reason;
}

static const char *
stay(void *ctx)
{
    struct privileges p;
    struct guard_error e;
    (void)ctx;
    /* As root this is `-Z root`: all capabilities go, the ids stay. */
    if (privileges_plan(&p, geteuid() == 0 ? "0:0" : NULL, &e) != ERR_OK)
        return strdup(e.reason);
    const char *wrong = drop(&p);
    return wrong ? wrong : find_rights(&p);
}

START_TEST(who_stays_has_no_capability_left)
{
    ck_assert_in_child(stay, NULL);
}
END_TEST

static const char *
no_debugger(void *ctx)
{
    struct privileges p;
    struct guard_error e;
    (void)ctx;
    if (privileges_plan(&p, geteuid() == 0 ? "0:0" : NULL, &e) != ERR_OK)
        return strdup(e.reason);
    p.undumpable = true;
    const char *wrong = drop(&p);
    if (wrong)
        return wrong;
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? NULL : "dumpable";
}

START_TEST(captured_bytes_get_into_no_core_dump)
{
    ck_assert_in_child(no_debugger, NULL);
}
END_TEST

/* Only root can try these; and where 65534 exists. */
static bool
can_become_nobody(void)
{
    struct privileges p;
    struct guard_error e;
    unsetenv("SUDO_UID");
    return geteuid() == 0 && privileges_plan(&p, NULL, &e) == ERR_OK &&
           p.reason == PRIVILEGES_NOBODY;
}

static const char *
become_nobody(void *ctx)
{
    static const gid_t extra[] = {4, 24, 27};
    struct privileges p = {.uid = NOBODY, .gid = NOBODY};
    (void)ctx;
    if (setgroups(3, extra) != 0)
        return "setgroups before";
    const char *wrong = drop(&p);
    if (wrong)
        return wrong;
    if (getgroups(0, NULL) != 0)
        return "supplementary groups";
    if (access("/proc/1/mem", W_OK) == 0)
        return "access";
    if (prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0)
        return "bounding set";
    return find_rights(&p);
}

START_TEST(root_becomes_nobody_and_cannot_go_back)
{
    if (!can_become_nobody()) {
        tell_skipped("needs root and more than one user id");
        return;
    }
    ck_assert_in_child(become_nobody, NULL);
}
END_TEST

/* What the broker of root needs in a directory of somebody else, and nothing
 * beside it: bit 1 is CAP_DAC_OVERRIDE. */
static const char *
keep_override(void *ctx)
{
    struct privileges p = {.uid = 0, .gid = 0, .override = true};
    char line[64];
    (void)ctx;
    const char *wrong = drop(&p);
    int fd = open("/proc/self/status", O_RDONLY);
    if (wrong || fd < 0)
        return wrong;
    if (!status_line(fd, "CapEff", line, sizeof line) ||
        strcmp(line + strspn(line, "0"), "2") != 0)
        return "CapEff";
    if (!status_line(fd, "CapPrm", line, sizeof line) ||
        strcmp(line + strspn(line, "0"), "2") != 0)
        return "CapPrm";
    if (!status_line(fd, "CapBnd", line, sizeof line) ||
        strspn(line, "0") != strlen(line))
        return "CapBnd";
    close(fd);
    return privileges_none() ? "none" : NULL;
}

START_TEST(one_capability_may_stay)
{
    if (!can_become_nobody()) {
        tell_skipped("needs root and more than one user id");
        return;
    }
    ck_assert_in_child(keep_override, NULL);
}
END_TEST

/* User 0 without capabilities gets none by execve(2). */
static const char *
exec_as_root(void *ctx)
{
    struct privileges p = {.uid = 0, .gid = 0};
    int status;
    (void)ctx;
    const char *wrong = drop(&p);
    if (wrong)
        return wrong;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/grep", "grep", "-q", "^CapEff:.*[1-9a-f]",
              "/proc/self/status", (char *)NULL);
        _exit(3);
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return "no child";
    if (WEXITSTATUS(status) == 3)
        return NULL; /* no grep here */
    return WEXITSTATUS(status) == 1 ? find_rights(&p) : "capabilities regained";
}

START_TEST(user_0_without_capabilities_gains_none_by_exec)
{
    if (geteuid() != 0) {
        tell_skipped("needs root");
        return;
    }
    ck_assert_in_child(exec_as_root, NULL);
}
END_TEST

/* A second time, when there is nothing left to give up. */
static const char *
drop_twice(void *ctx)
{
    struct privileges p = {.uid = NOBODY, .gid = NOBODY};
    (void)ctx;
    const char *wrong = drop(&p);
    if (!wrong)
        wrong = drop(&p);
    return wrong ? wrong : find_rights(&p);
}

START_TEST(giving_up_twice_is_giving_up)
{
    if (!can_become_nobody()) {
        tell_skipped("needs root and more than one user id");
        return;
    }
    ck_assert_in_child(drop_twice, NULL);
}
END_TEST

/* The failures are errors with a reason, not less of a drop. */
static const char *
become_root_again(void *ctx)
{
    struct privileges p = {.uid = NOBODY, .gid = NOBODY};
    struct privileges root = {.uid = 0, .gid = 0};
    struct guard_error e = {0};
    (void)ctx;
    if (geteuid() == 0 && drop(&p))
        return "first drop";
    if (privileges_drop(&root, &e) != ERR_REFUSED)
        return "became root";
    return strncmp(e.reason, "cannot become group 0: ", 23) == 0
               ? NULL
               : strdup(e.reason);
}

START_TEST(what_cannot_be_become_is_an_error_with_a_reason)
{
    if (geteuid() == 0 && !can_become_nobody()) {
        tell_skipped("one user id, and that is root");
        return;
    }
    ck_assert_in_child(become_root_again, NULL);
}
END_TEST

static Suite *
privileges_suite(void)
{
    Suite *s = suite_create("privileges");
    TCase *plan = tcase_create("plan");
    tcase_add_loop_test(plan, the_plan_follows_from_who_started_it, 0,
                        sizeof plans / sizeof plans[0]);
    tcase_add_test(plan, root_becomes_nobody_and_its_broker_stays_root);
    tcase_add_test(plan, the_broker_of_others_is_who_they_are);
    suite_add_tcase(s, plan);
    TCase *doing = tcase_create("drop");
    tcase_add_test(doing, who_stays_has_no_capability_left);
    tcase_add_test(doing, captured_bytes_get_into_no_core_dump);
    tcase_add_test(doing, root_becomes_nobody_and_cannot_go_back);
    tcase_add_test(doing, one_capability_may_stay);
    tcase_add_test(doing, user_0_without_capabilities_gains_none_by_exec);
    tcase_add_test(doing, giving_up_twice_is_giving_up);
    tcase_add_test(doing, what_cannot_be_become_is_an_error_with_a_reason);
    suite_add_tcase(s, doing);
    return s;
}

#else /* not Linux */

START_TEST(elsewhere_it_says_so)
{
    struct privileges p = {0};
    struct guard_error e;
    ck_assert_int_eq(privileges_drop(&p, &e), ERR_UNSUPPORTED);
    ck_assert_str_ne(e.reason, "");
}
END_TEST

static Suite *
privileges_suite(void)
{
    Suite *s = suite_create("privileges");
    TCase *t = tcase_create("none");
    tcase_add_test(t, elsewhere_it_says_so);
    suite_add_tcase(s, t);
    return s;
}

#endif

CHECK_MAIN(privileges_suite)
