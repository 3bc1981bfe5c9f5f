/* SPDX-License-Identifier: MIT */
#include "experiment/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/system.h"

/* The run folder: its lock and its two generations of state. */

static tvae_status fail_system(const char *call, const char *what, const char *path)
{
    char reason[TVI_REASON_TEXT];

    return tvi_fail(TVAE_E_IO, "%s: %s %s: %s", call, what, path,
                    tvi_reason_text(errno, reason));
}

/* Flush the folder above a new one, which would else be lost with all it holds in a power
 * failure. What could not be flushed is taken away, so that the next try makes it anew.
 */
static tvae_status flush_above(char *path, const char *call)
{
    const int above = tvi_system_open_above(path);
    const int code = above < 0 ? errno : tvi_system_flush_folder(above);

    if (above >= 0)
        (void)tvi_system->close(above);
    if (code == 0)
        return TVAE_OK;
    (void)tvi_system->unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
    errno = code;
    return fail_system(call, "cannot flush the folder above", path);
}

/* Make a folder unless it is there; `inside`: a link to one does not count as one. The
 * path is cut for a moment. */
static tvae_status make_one(char *path, bool inside, const char *call)
{
    const int flags = inside ? AT_SYMLINK_NOFOLLOW : 0;
    struct stat facts;

    if (tvi_system->mkdir(path, TVI_FOLDER_MODE) == 0)
        return flush_above(path, call);
    if (errno == EEXIST) {
        if (fstatat(AT_FDCWD, path, &facts, flags) == 0 && S_ISDIR(facts.st_mode))
            return TVAE_OK;
        return tvi_fail(TVAE_E_IO, "%s: %s exists and is not a folder: %s", call, path,
                        inside ? "remove it" : "choose another");
    }
    return fail_system(call, "cannot make the folder", path);
}

tvae_status tvi_folder_make(const char *folder, const char *call)
{
    char *path = tvi_copy_string(folder);
    tvae_status st = path ? TVAE_OK : TVAE_E_NOMEM;

    for (char *c = path; st == TVAE_OK && *c; c++) {
        if (*c != '/' || c == path)
            continue;
        *c = '\0';
        st = make_one(path, false, call);
        *c = '/';
    }
    if (st == TVAE_OK)
        st = make_one(path, false, call);
    tvi_free(path);
    return st;
}

tvae_status tvi_folder_make_inside(const char *folder, const char *name, const char *call)
{
    char *path = tvi_path_join(folder, name);
    tvae_status st = path ? make_one(path, true, call) : TVAE_E_NOMEM;

    tvi_free(path);
    return st;
}

tvae_status tvi_folder_lock(const char *folder, int *lock, const char *call)
{
    char *path = tvi_path_join(folder, TVI_LOCK_FILE);
    tvae_status st = TVAE_OK;

    *lock = -1;
    if (!path)
        return TVAE_E_NOMEM;
    *lock =
        tvi_system->open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, TVI_FILE_MODE);
    if (*lock < 0)
        st = fail_system(call, "cannot open the lock", path);
    else if (flock(*lock, LOCK_EX | LOCK_NB) != 0)
        st = errno == EWOULDBLOCK
                 ? tvi_fail(TVAE_E_BUSY,
                            "%s: another process is training in %s: wait for it, or use "
                            "another folder",
                            call, folder)
                 : fail_system(call, "cannot lock", path);
    if (st != TVAE_OK && *lock >= 0) {
        (void)tvi_system->close(*lock);
        *lock = -1;
    }
    tvi_free(path);
    return st;
}

/* The lock file stays: removing it could take away the file another process has just
 * locked. Unlocking is explicit, as a child of the host may hold a copy of the
 * descriptor. */
void tvi_folder_unlock(int *lock)
{
    if (*lock < 0)
        return;
    (void)flock(*lock, LOCK_UN);
    (void)tvi_system->close(*lock);
    *lock = -1;
}

/* Is it what a process that was killed while writing leaves: an incomplete file of those
 * that are written under the lock alone? */
static bool is_left_over(const char *name)
{
    static const char *const written[] = {TVI_CONFIG_FILE, TVI_STATE_NEXT_FILE,
                                          TVI_MODEL_FILE, TVI_BEST_FILE};

    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        const size_t n = strlen(written[i]);

        if (name[0] == '.' && strncmp(name + 1, written[i], n) == 0 &&
            strncmp(name + 1 + n, ".tmp-", 5) == 0)
            return true;
    }
    return strcmp(name, TVI_STATE_NEXT_FILE) == 0;
}

void tvi_folder_clean(const char *folder)
{
    DIR *stream = opendir(folder);
    const struct dirent *entry;

    while (stream && (entry = readdir(stream)))
        if (is_left_over(entry->d_name))
            (void)tvi_system->unlinkat(dirfd(stream), entry->d_name, 0);
    if (stream)
        (void)closedir(stream);
}

static int open_folder(const char *folder)
{
    return tvi_system->open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

/* Only the system's word that there is none counts as missing: not want of memory (hence
 * no heap here), nor a folder that cannot be opened at the moment. */
bool tvi_folder_has(const char *folder, const char *file)
{
    const int descriptor = open_folder(folder);
    bool found = descriptor >= 0 && faccessat(descriptor, file, F_OK, 0) == 0;

    found = found || (errno != ENOENT && errno != ENOTDIR);
    if (descriptor >= 0)
        (void)tvi_system->close(descriptor);
    return found;
}

bool tvi_folder_has_state(const char *folder)
{
    return tvi_folder_has(folder, TVI_STATE_FILE) ||
           tvi_folder_has(folder, TVI_STATE_PREVIOUS_FILE);
}

/* ---- generations ---- */

static tvae_status move_file(const char *folder, const char *from, const char *to)
{
    char *old_path = tvi_path_join(folder, from), *new_path = tvi_path_join(folder, to);
    tvae_status st = old_path && new_path ? TVAE_OK : TVAE_E_NOMEM;

    if (st == TVAE_OK && tvi_system->rename(old_path, new_path) != 0)
        st = fail_system("run", "cannot move a file to", new_path);
    tvi_free(old_path);
    tvi_free(new_path);
    return st;
}

static tvae_status flush_folder(const char *folder)
{
    const int descriptor = open_folder(folder);
    tvae_status st = TVAE_OK;

    if (descriptor < 0)
        return fail_system("run", "cannot open", folder);
    errno = tvi_system_flush_folder(descriptor);
    if (errno != 0)
        st = fail_system("run", "cannot flush", folder);
    (void)tvi_system->close(descriptor);
    return st;
}

/* The new state is complete before an older one moves: a full disk harms none, and
 * whoever is killed between the two renames leaves the previous one. */
tvae_status tvi_folder_save_state(const char *folder, const tvae_archive *state)
{
    char *path = tvi_path_join(folder, TVI_STATE_NEXT_FILE);
    tvae_status st = path ? TVAE_OK : TVAE_E_NOMEM;

    if (st == TVAE_OK)
        st = tvi_archive_save_checked(state, path);
    if (st == TVAE_OK && tvi_folder_has(folder, TVI_STATE_FILE))
        st = move_file(folder, TVI_STATE_FILE, TVI_STATE_PREVIOUS_FILE);
    if (st == TVAE_OK)
        st = move_file(folder, TVI_STATE_NEXT_FILE, TVI_STATE_FILE);
    if (st == TVAE_OK)
        st = flush_folder(folder);
    tvi_free(path);
    return st;
}

static tvae_status load_generation(const char *folder, const char *file,
                                   tvae_archive **out)
{
    char *path = tvi_path_join(folder, file);
    tvae_status st = path ? tvi_archive_load_checked(path, out) : TVAE_E_NOMEM;

    tvi_free(path);
    return st;
}

/* The newest state is damaged: say so, and keep it from becoming the previous one. */
static tvae_status set_aside(const char *folder, bool repair, const char *reason)
{
    tvi_log(TVAE_LOG_WARNING,
            "%s/" TVI_STATE_FILE " is damaged (%s); the checkpoint before it is used",
            folder, reason);
    return repair ? move_file(folder, TVI_STATE_FILE, TVI_STATE_DAMAGED_FILE) : TVAE_OK;
}

tvae_status tvi_folder_load_state(const char *folder, bool repair, tvae_archive **out)
{
    char reason[TVI_SENTENCE_BYTES];
    tvae_status st = load_generation(folder, TVI_STATE_FILE, out), newest = st;

    if (st != TVAE_E_NOT_FOUND && st != TVAE_E_FORMAT)
        return st;
    (void)snprintf(reason, sizeof reason, "%s", tvae_last_error());
    st = load_generation(folder, TVI_STATE_PREVIOUS_FILE, out);
    if (st == TVAE_OK && newest == TVAE_E_FORMAT) {
        st = set_aside(folder, repair, reason);
        if (st != TVAE_OK)
            tvae_archive_destroy(out);
    } else if (st == TVAE_E_FORMAT ||
               (st == TVAE_E_NOT_FOUND && newest == TVAE_E_FORMAT)) {
        st = tvi_fail(TVAE_E_FORMAT,
                      "run: no checkpoint in %s is whole: %s; begin again in another "
                      "folder",
                      folder, newest == TVAE_E_FORMAT ? reason : tvae_last_error());
    }
    return st;
}
