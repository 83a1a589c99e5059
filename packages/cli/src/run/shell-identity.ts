/**
 * A function of sh(1): `began <pid>` prints a process's start time as the system formats it, or nothing if there is no such process or
 * it has ended. A pid alone can be reused.
 */
export const BEGAN = `began() {
  if [ -r /proc/self/stat ]; then
    IFS= read -r line <"/proc/$1/stat" || return
    set -- \${line##*) }
    case $1 in Z | X) ;; *) echo "\${20}" ;; esac
  else ps -o lstart= -p "$1"; fi 2>/dev/null
}`
