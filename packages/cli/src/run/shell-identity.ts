/**
 * A function of sh(1): `began <pid>` prints when a process began, in the words of the system, and nothing where there is none or it has
 * ended. A number alone may mean a stranger by the time it is used.
 */
export const BEGAN = `began() {
  if [ -r /proc/self/stat ]; then
    IFS= read -r line <"/proc/$1/stat" || return
    set -- \${line##*) }
    case $1 in Z | X) ;; *) echo "\${20}" ;; esac
  else ps -o lstart= -p "$1"; fi 2>/dev/null
}`
