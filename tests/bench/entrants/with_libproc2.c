/* libproc2: takes the same orders as the entrants in Rust. */

#include <libproc2/diskstats.h>
#include <libproc2/meminfo.h>
#include <libproc2/misc.h>
#include <libproc2/pids.h>
#include <libproc2/stat.h>
#include <libproc2/vmstat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static long tick, boot;
static volatile unsigned long long sum;

static enum pids_item table[] = {
    PIDS_ID_PID, PIDS_ID_PPID, PIDS_CMD, PIDS_STATE, PIDS_TICS_ALL, PIDS_TICS_BEGAN, PIDS_MEM_RES,
    PIDS_VM_SIZE, PIDS_NLWP, PIDS_ID_RUID, PIDS_CMDLINE_V, PIDS_EXE, PIDS_ID_RUSER,
};
static enum pids_item top[] = {PIDS_ID_PID, PIDS_CMD, PIDS_STATE, PIDS_TICS_ALL, PIDS_MEM_RES};
static enum pids_item pids[] = {PIDS_ID_PID};
static enum pids_item parents[] = {PIDS_ID_PID, PIDS_ID_PPID};
enum { TABLE = 10, FULL = 13 };

static void escaped(const char *text) {
    putchar('=');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '\\' || byte < 0x21 || byte > 0x7e)
            printf("\\x%02x", byte);
        else
            putchar(byte);
    }
}

static void rows(int kind, unsigned about, int say) {
    static struct pids_info *info[4];
    enum pids_item *items[] = {pids, table, top, table};
    int counts[] = {1, TABLE, 5, FULL};
    if (!info[kind] && procps_pids_new(&info[kind], items[kind], counts[kind]) < 0)
        exit(1);
    struct pids_fetch *fetch;
    unsigned one[2] = {about, 0};
    if (about)
        fetch = procps_pids_select(info[kind], one, 1, PIDS_SELECT_PID);
    else
        fetch = procps_pids_reap(info[kind], PIDS_FETCH_TASKS_ONLY);
    for (int i = 0; fetch && i < fetch->counts->total; i++) {
        struct pids_result *r = fetch->stacks[i]->head;
        sum += (unsigned long long)r[0].result.s_int;
        if (!say)
            continue;
        printf("%d", r[0].result.s_int);
        if (kind == 0)
            printf("\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-");
        if (kind == 2) {
            char state[2] = {r[2].result.s_ch, 0};
            printf("\t-\t");
            escaped(r[1].result.str);
            printf("\t");
            escaped(state);
            printf("\t%llu\t-\t%lu\t-\t-\t-\t-\t-\t-", r[3].result.ull_int * 1000 / tick,
                   r[4].result.ul_int * 1024);
        }
        if (kind == 1 || kind == 3) {
            char state[2] = {r[3].result.s_ch, 0};
            printf("\t%d\t", r[1].result.s_int);
            escaped(r[2].result.str);
            printf("\t");
            escaped(state);
            printf("\t%llu\t%llu\t%lu\t%lu\t%d\t%u", r[4].result.ull_int * 1000 / tick,
                   boot + r[5].result.ull_int / tick, r[6].result.ul_int * 1024,
                   r[7].result.ul_int * 1024, r[8].result.s_int, r[9].result.u_int);
            if (kind == 3) {
                printf("\t=");
                for (char **word = r[10].result.strv; word && *word; word++) {
                    for (char *c = *word; *c; c++) {
                        unsigned char byte = (unsigned char)*c;
                        if (byte == '\\' || byte < 0x21 || byte > 0x7e)
                            printf("\\x%02x", byte);
                        else
                            putchar(byte);
                    }
                    printf("\\x00");
                }
                printf("\t");
                escaped(r[11].result.str);
                printf("\t");
                escaped(r[12].result.str);
            } else
                printf("\t-\t-\t-");
        }
        putchar('\n');
    }
}

static int by_parent(const void *a, const void *b) {
    const int *x = a, *y = b;
    return x[1] != y[1] ? (x[1] > y[1]) - (x[1] < y[1]) : (x[0] > y[0]) - (x[0] < y[0]);
}

static void tree(int about, int say) {
    static struct pids_info *info;
    if (!info && procps_pids_new(&info, parents, 2) < 0)
        exit(1);
    struct pids_fetch *fetch = procps_pids_reap(info, PIDS_FETCH_TASKS_ONLY);
    int total = fetch->counts->total;
    int(*pairs)[2] = malloc(sizeof(*pairs) * (size_t)total);
    int *found = malloc(sizeof(int) * ((size_t)total + 1)), count = 1;
    for (int i = 0; i < total; i++) {
        pairs[i][0] = fetch->stacks[i]->head[0].result.s_int;
        pairs[i][1] = fetch->stacks[i]->head[1].result.s_int;
    }
    qsort(pairs, (size_t)total, sizeof(*pairs), by_parent);
    found[0] = about;
    for (int next = 0; next < count; next++) {
        int low = 0, high = total;
        while (low < high) {
            int middle = (low + high) / 2;
            if (pairs[middle][1] < found[next])
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < total && pairs[low][1] == found[next]; low++)
            found[count++] = pairs[low][0];
    }
    for (int i = 1; i < count; i++) {
        sum += (unsigned)found[i];
        if (say)
            printf("%d\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\n", found[i]);
    }
    free(pairs);
    free(found);
}

static void figure(int say, const char *name, double value) {
    sum += (unsigned long long)value;
    if (say)
        printf("%s\t%.6f\n", name, value);
}

static int work(const char *task, unsigned about, int say) {
    static struct stat_info *stat;
    static struct meminfo_info *memory;
    static struct vmstat_info *vm;
    static struct diskstats_info *disks;
    if (!strcmp(task, "T1"))
        rows(0, 0, say);
    else if (!strcmp(task, "T2"))
        rows(1, 0, say);
    else if (!strcmp(task, "T3"))
        rows(2, 0, say);
    else if (!strcmp(task, "T4"))
        rows(3, 0, say);
    else if (!strcmp(task, "T8"))
        rows(2, about, say);
    else if (!strcmp(task, "T9"))
        tree((int)about, say);
    else if (!strcmp(task, "T5cpu")) {
        if (!stat)
            procps_stat_new(&stat);
        static enum stat_item items[] = {STAT_TIC_USER, STAT_TIC_IDLE};
        struct stat_stack *got = procps_stat_select(stat, items, 2);
        figure(say, "user", (double)got->head[0].result.ull_int / (double)tick);
        figure(say, "idle", (double)got->head[1].result.ull_int / (double)tick);
    } else if (!strcmp(task, "T5mem") || !strcmp(task, "T5swap")) {
        if (!memory)
            procps_meminfo_new(&memory);
        static enum meminfo_item ram[] = {MEMINFO_MEM_TOTAL, MEMINFO_MEM_AVAILABLE};
        static enum meminfo_item swap[] = {MEMINFO_SWAP_TOTAL, MEMINFO_SWAP_FREE};
        int is_ram = !strcmp(task, "T5mem");
        struct meminfo_stack *got = procps_meminfo_select(memory, is_ram ? ram : swap, 2);
        figure(say, "total", (double)got->head[0].result.ul_int * 1024);
        figure(say, is_ram ? "available" : "free", (double)got->head[1].result.ul_int * 1024);
        if (!is_ram) {
            if (!vm)
                procps_vmstat_new(&vm);
            /* Asked for a single item by `get`, it would answer with what it read up to a second ago. */
            static enum vmstat_item in[] = {VMSTAT_PSWPIN};
            figure(say, "in", (double)procps_vmstat_select(vm, in, 1)->head[0].result.ul_int);
        }
    } else if (!strcmp(task, "T5load")) {
        double one, five, fifteen;
        procps_loadavg(&one, &five, &fifteen);
        figure(say, "one", one);
    } else if (!strcmp(task, "T5disk")) {
        if (!disks)
            procps_diskstats_new(&disks);
        static enum diskstats_item items[] = {DISKSTATS_NAME, DISKSTATS_READ_SECTORS,
                                              DISKSTATS_WRITE_SECTORS};
        struct diskstats_reaped *got = procps_diskstats_reap(disks, items, 3);
        double read = 0, written = 0;
        for (int i = 0; i < got->total; i++) {
            struct diskstats_result *r = got->stacks[i]->head;
            char last = r[0].result.str[strlen(r[0].result.str) - 1];
            if (last < '0' || last > '9') {
                read += (double)r[1].result.ul_int * 512;
                written += (double)r[2].result.ul_int * 512;
            }
        }
        figure(say, "read", read);
        figure(say, "written", written);
    } else
        return 0;
    return 1;
}

static long long between(struct timespec from, struct timespec to) {
    return (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
}

int main(void) {
    char line[256], verb[32], task[32];
    tick = sysconf(_SC_CLK_TCK);
    struct stat_info *stat = NULL;
    procps_stat_new(&stat);
    boot = (long)procps_stat_get(stat, STAT_SYS_TIME_OF_BOOT)->result.ull_int;
    while (fgets(line, sizeof(line), stdin)) {
        unsigned about = 0, passes = 1;
        if (sscanf(line, "%31s %31s %u %u", verb, task, &about, &passes) < 2)
            continue;
        if (!strcmp(verb, "knows")) {
            const char *known = " T1 T2 T3 T4 T5cpu T5mem T5swap T5load T5disk T8 T9 ";
            char word[40];
            snprintf(word, sizeof(word), " %s ", task);
            puts(strstr(known, word) ? "yes" : "no");
        } else if (!strcmp(verb, "answer")) {
            work(task, about, 1);
            puts("");
        } else if (!strcmp(verb, "time")) {
            struct timespec from, to, used, now;
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
            clock_gettime(CLOCK_MONOTONIC, &from);
            for (unsigned i = 0; i < passes; i++)
                work(task, about, 0);
            clock_gettime(CLOCK_MONOTONIC, &to);
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
            printf("%lld - - %lld\n", between(from, to), between(used, now));
        } else {
            struct rusage usage;
            getrusage(RUSAGE_SELF, &usage);
            printf("%ld\n", usage.ru_maxrss);
        }
        fflush(stdout);
    }
    return (int)(sum & 0);
}
