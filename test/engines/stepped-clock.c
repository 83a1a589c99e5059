/*
 * Loaded before libc (LD_PRELOAD) it adds the milliseconds that stand in the file $STEPPED_CLOCK_FILE to the wall clock of a process,
 * and leaves its monotonic clock alone: what a step of the time of a machine looks like to a server.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long step_ms(void) {
  const char *path = getenv("STEPPED_CLOCK_FILE");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[24];
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  return atoll(text);
}

static void read_wall_clock(struct timespec *now) {
  syscall(SYS_clock_gettime, CLOCK_REALTIME, now);
  long long ms = step_ms();
  now->tv_sec += ms / 1000;
  now->tv_nsec += ms % 1000 * 1000000;
  if (now->tv_nsec < 0) now->tv_nsec += 1000000000, now->tv_sec -= 1;
  if (now->tv_nsec >= 1000000000) now->tv_nsec -= 1000000000, now->tv_sec += 1;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return syscall(SYS_clock_gettime, clock, now);
  read_wall_clock(now);
  return 0;
}

int gettimeofday(struct timeval *now, void *zone) {
  (void)zone;
  struct timespec at;
  read_wall_clock(&at);
  now->tv_sec = at.tv_sec;
  now->tv_usec = at.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec at;
  read_wall_clock(&at);
  if (out != NULL) *out = at.tv_sec;
  return at.tv_sec;
}
