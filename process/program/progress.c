/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said on stderr while it runs: a bar on a terminal, ten times a second; lines of JSON otherwise,
 * every five seconds.
 */
#include "program.h"

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BAR_NS  INT64_C(100000000)
#define LINE_NS INT64_C(5000000000)

int64_t
program_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void
program_progress_begin(program_progress *progress, const program_options *options)
{
    progress->is_shown = !options->is_quiet;
    progress->is_bar = isatty(STDERR_FILENO) != 0 && !options->json;
    progress->has_line = false;
    progress->begun_ns = program_now_ns();
    progress->shown_ns = progress->begun_ns;
}

static double
seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* Roots by second, and how long the others take; -1: nobody knows. */
static double
left(const proc_progress *now, double elapsed)
{
    const double done = (double)now->counts.roots;

    if (now->is_scanning || done < 1)
        return -1;
    return ((double)now->found - done) * elapsed / done;
}

static void
show_time(double s)
{
    const unsigned long whole = (unsigned long)(s + 0.5);

    if (whole >= 3600)
        fprintf(stderr, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else
        fprintf(stderr, "%lu:%02lu", whole / 60, whole % 60);
}

static void
show_bar(const proc_progress *now, double elapsed)
{
    const double share = now->found != 0 && !now->is_scanning
                             ? (double)now->counts.roots / (double)now->found
                             : 0;
    const double rest = left(now, elapsed);
    struct winsize window;
    int width = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 ? window.ws_col : 80;

    fputc('\r', stderr);
    if (width >= 80) {
        fputc('[', stderr);
        for (int i = 0; i < 20; i++)
            fputc((i + 1) / 20.0 <= share ? '#' : '.', stderr);
        fputs("] ", stderr);
    }
    fprintf(stderr, "%llu of %llu%s  %.0f/s  %llu failed", (unsigned long long)now->counts.roots,
            (unsigned long long)now->found, now->is_scanning ? "+" : "",
            elapsed > 0 ? (double)now->counts.documents / elapsed : 0.0,
            (unsigned long long)now->counts.failed);
    if (rest >= 0) {
        fputs("  ", stderr);
        show_time(rest);
        fputs(" left", stderr);
    }
    fputs("\033[K", stderr);
    fflush(stderr);
}

static void
show_line(const proc_progress *now, double elapsed, const char *event)
{
    const double rest = left(now, elapsed);

    flockfile(stderr);
    fprintf(stderr,
            "{\"event\":\"%s\",\"elapsed_s\":%.1f,\"done\":%llu,\"found\":%llu,\"scanning\":%s,"
            "\"documents\":%llu,\"failed\":%llu,\"rows\":%llu,\"bytes\":%llu,\"per_s\":%.0f,"
            "\"left_s\":",
            event, elapsed, (unsigned long long)now->counts.roots, (unsigned long long)now->found,
            now->is_scanning ? "true" : "false", (unsigned long long)now->counts.documents,
            (unsigned long long)now->counts.failed, (unsigned long long)now->counts.rows,
            (unsigned long long)now->counts.bytes,
            elapsed > 0 ? (double)now->counts.documents / elapsed : 0.0);
    if (rest >= 0)
        fprintf(stderr, "%.0f}\n", rest);
    else
        fputs("null}\n", stderr);
    funlockfile(stderr);
}

void
program_progress_show(program_progress *progress, const proc_progress *now)
{
    const int64_t time = program_now_ns();

    if (!progress->is_shown || time - progress->shown_ns < (progress->is_bar ? BAR_NS : LINE_NS))
        return;
    progress->shown_ns = time;
    progress->has_line = progress->is_bar;
    if (progress->is_bar)
        show_bar(now, seconds(time - progress->begun_ns));
    else
        show_line(now, seconds(time - progress->begun_ns), "progress");
}

void
program_progress_clear(program_progress *progress)
{
    if (progress->has_line)
        fputs("\r\033[K", stderr);
    progress->has_line = false;
    fflush(stderr);
}

void
program_progress_end(program_progress *progress, const proc_progress *now)
{
    program_progress_clear(progress);
    if (progress->is_shown && !progress->is_bar)
        show_line(now, seconds(program_now_ns() - progress->begun_ns), "end");
}
