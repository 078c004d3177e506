#!/bin/sh
# Gets the binary sources of a package that are not in git: what .PACKAGE.metadata and sources declare.
# Made by `sigctl sources script`; needs a POSIX shell, awk, curl, sha*sum, and git for sources from a commit.
#
# usage: get_sources.sh [-b BRANCH] [-p PACKAGE] [-s STORE_URL] [-c] [-r] [-q]
#   -b  the branch in whose name the files were stored; otherwise every remote branch that contains HEAD is tried
#   -p  the package; otherwise the metadata file's name says it
#   -s  another store, tried before those below
#   -c  check only: 0 all files are there and good, 1 some differ, 2 some are missing
#   -r  replace a file that is there with other content
#   -q  say nothing but errors
# It is run in the checkout. Every file is verified, and is there whole or not at all; 0 all good, 1 something is not.
#
# SPDX-License-Identifier: MIT
set -u
LC_ALL=C
export LC_ALL
unset CDPATH

# one line a store: its URL, the layouts to try, and the branches it is for (patterns), where it is not for all
STORES=@STORES@

TAB=$(printf '\t')
NL='
'
branch='' package='' check='' replace='' quiet='' failed='' missing='' part='' work=''

say() { [ -n "$quiet" ] || printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; failed=1; }
stop() { fail "$*"; exit 1; }
tidy() {
  [ -z "$part" ] || rm -f -- "$part"
  [ -z "$work" ] || rm -rf -- "$work"
}

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0" | sed '/^SPDX/,$d'; }

while getopts b:p:s:crqh option; do
  case $option in
    b) branch=$OPTARG ;;
    p) package=$OPTARG ;;
    s) STORES="$OPTARG branch file$NL$STORES" ;;
    c) check=1 ;;
    r) replace=1 ;;
    q) quiet=1 ;;
    h) usage; exit 0 ;;
    *) exit 1 ;;
  esac
done
root=$(pwd -P) || exit 1
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d "${TMPDIR:-/tmp}/get_sources.XXXXXX") || stop "no temporary folder can be made"

# --- what is declared -----------------------------------------------------------------------------------------------

# prints a line for each file: algorithm, hash, path, URL, commit, with tabs between, `-` for what there is not
declared() {
  awk '
    function bad(why) { printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"; wrong = 1; return "" }
    function clean(p,    n, a, i, out, c) {
      if (p == "" || p ~ /\t/) return bad("the path has control characters, or there is none")
      if (p ~ /^\//) return bad("an absolute path")
      if (p ~ /\/$/) return bad("the path is a folder")
      n = split(p, a, "/")
      for (i = 1; i <= n; i++) {
        if (a[i] == "" || a[i] == ".") continue
        if (a[i] == "..") return bad("the path leaves the checkout")
        if (tolower(a[i]) == ".git") return bad("the path is inside of the folder of git itself")
        if (length(a[i]) > 255) return bad("the path is too long")
        out = c++ ? out "/" a[i] : a[i]
      }
      if (!c) return bad("the path leaves the checkout")
      if (length(out) > 1024) return bad("the path is too long")
      return c == 1 ? folder out : out
    }
    function allowed(address,    low, host) {
      low = tolower(address)
      host = low
      sub(/^[a-z]+:\/\//, "", host)
      sub(/\/.*/, "", host)
      if (host ~ /@/) return bad("the address holds a login")
      if (low ~ /^https:\/\/[^\/]/) return 1
      if (low ~ /^http:\/\/(127\.[0-9.]+|localhost|\[::1\])(:[0-9]+)?(\/|$)/) return 1
      return bad("the address is not reached over https")
    }
    BEGIN { kind[32] = "md5"; kind[40] = "sha1"; kind[64] = "sha256"; kind[128] = "sha512" }
    FNR == 1 {
      sub(/^\357\273\277/, "")
      list = FILENAME == "./sources" ? 1 : 2
      folder = list == 1 ? "SOURCES/" : ""
    }
    { sub(/\r$/, ""); sub(/^[ \t]+/, ""); sub(/[ \t]+$/, "") }
    /^$/ || /^#/ { next }
    /[\001-\010\012-\037\177]/ { bad("the line has control characters"); next }
    {
      remote = ""; word = ""; sign = ""
      if ($0 ~ /^[A-Za-z0-9-]+[ \t]*\(.*\)[ \t]*=[ \t]*[^ \t]+([ \t]+[^ \t]+)?$/) {
        word = $0
        sub(/[ \t]*\(.*/, "", word)
        rest = substr($0, index($0, "(") + 1)
        match(rest, /.*\)[ \t]*=[ \t]*/)
        path = substr(rest, 1, RLENGTH)
        sub(/\)[ \t]*=[ \t]*$/, "", path)
        n = split(substr(rest, RLENGTH + 1), field, /[ \t]+/)
        sign = field[1]
        if (n > 1) remote = field[2]
      } else {
        if (!match($0, /^[^ \t]+[ \t]+/)) { bad("the line has no path"); next }
        path = substr($0, RLENGTH + 1)
        gap = substr($0, 1, RLENGTH)
        sign = gap
        sub(/[ \t]+$/, "", sign)
        gap = substr(gap, length(sign) + 1)
        if (match(path, /[ \t]+(git[+])?[A-Za-z][A-Za-z0-9.-]*:\/\/[^ \t]+$/)) {
          remote = substr(path, RSTART)
          sub(/^[ \t]+/, "", remote)
          path = substr(path, 1, RSTART - 1)
        }
        if (gap == " ") sub(/^[*]/, "", path)
      }
      if (sign != "-" || word != "") {
        if (sign ~ /[^0-9A-Fa-f]/) { bad("what should be a hash is not one"); next }
        if (!(length(sign) in kind)) { bad("a hash of " length(sign) " digits is of no known kind"); next }
        algorithm = kind[length(sign)]
        gsub(/-/, "", word)
        if (word != "" && tolower(word) != algorithm) { bad("the hash is not of the kind that the line says"); next }
        sign = tolower(sign)
      } else algorithm = "-"
      if ((path = clean(path)) == "") next
      url = remote; commit = ""
      if (remote ~ /^git[+]/) {
        url = substr(remote, 5)
        mark = index(url, "#")
        commit = mark ? substr(url, mark + 1) : ""
        if (commit ~ /[^0-9a-f]/ || (length(commit) != 40 && length(commit) != 64)) { bad("names no commit"); next }
        url = substr(url, 1, mark - 1)
        if (path !~ /[.](tar|tar[.]gz|tgz|tar[.]bz2|tar[.]xz)$/) { bad("no archive that a commit can be packed as"); next }
      }
      if (url != "" && !allowed(url)) next
      if (algorithm == "-" && commit == "") { bad("the line has no hash"); next }
      all = algorithm "\t" sign "\t" path "\t" (url == "" ? "-" : url) "\t" (commit == "" ? "-" : commit)
      if ((list, path) in seen) {
        if (seen[list, path] != all) { bad(path " has two hashes or addresses"); lost[list, path] = 1 }
        next
      }
      seen[list, path] = all
      order[++count] = path
      from[count] = list
    }
    END {
      for (i = 1; i <= count; i++) {
        n = split(order[i], step, "/")
        above = ""
        for (j = 1; j < n; j++) {
          above = j == 1 ? step[1] : above "/" step[j]
          if ((from[i], above) in seen) {
            printf "error: %s is below %s, which is a file too\n", order[i], above > "/dev/stderr"
            lost[from[i], order[i]] = lost[from[i], above] = wrong = 1
          }
        }
      }
      for (i = 1; i <= count; i++) {
        if ((from[i], order[i]) in lost) continue
        if (from[i] == 2 && (1, order[i]) in seen) continue
        print seen[from[i], order[i]]
      }
      exit wrong
    }
  ' "$@"
}

set --
[ ! -f sources ] || set -- ./sources
metadata=''
for file in .[!.]*.metadata; do
  [ -f "$file" ] || continue
  name=${file#.}
  name=${name%.metadata}
  if [ -n "$package" ] && [ "$name" = "$package" ]; then
    metadata=$file
    break
  fi
  [ -z "$metadata" ] || metadata='several'
  [ -n "$metadata" ] || metadata=$file
done
[ "$metadata" != several ] || stop "there are several metadata files: say which with -p PACKAGE"
if [ -n "$metadata" ]; then
  set -- "$@" "./$metadata"
  name=${metadata#.}
  [ -n "$package" ] || package=${name%.metadata}
fi
[ $# -gt 0 ] || stop "there is no .PACKAGE.metadata and no sources file here"
if [ -z "$package" ]; then
  for file in SPECS/*.spec ./*.spec; do
    [ -f "$file" ] || continue
    [ -z "$package" ] || stop "there are several specs: say which package it is with -p PACKAGE"
    package=${file##*/}
    package=${package%.spec}
  done
fi
[ -n "$package" ] || package=${root##*/}
for file in "$@"; do
  [ ! -L "$file" ] || stop "$file is a symlink"
done
declared "$@" > "$work/list" || failed=1

# --- where it may be ------------------------------------------------------------------------------------------------

encode() { # text, and what else than letters, digits and . _ ~ - stays as it is
  printf '%s' "$1" | awk -v keep="$2" '
    BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
    {
      out = ""
      for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        out = out (c ~ /[A-Za-z0-9._~-]/ || (keep != "" && c == keep) ? c : sprintf("%%%02X", code[c]))
      }
      print out
    }'
}

branches() {
  if [ -n "$branch" ]; then
    printf '%s\n' "$branch"
    return
  fi
  [ -e .git ] || return
  current=$(git symbolic-ref -q --short HEAD 2> /dev/null)
  git remote | while IFS= read -r remote; do
    git for-each-ref --contains=HEAD --format='%(refname)%(if)%(symref)%(then) -> %(symref)%(end)' \
      "refs/remotes/$remote/" 2> /dev/null | while IFS= read -r ref; do
      case $ref in *' -> '* | */HEAD) continue ;; esac
      printf '%s\n' "${ref#refs/remotes/"$remote"/}"
    done
  done | sort -u > "$work/found"
  if [ -n "$current" ] && { grep -qxF -e "$current" "$work/found" || [ ! -s "$work/found" ]; }; then
    printf '%s\n' "$current"
  fi
  grep -vxF -e "$current" "$work/found" || :
}

fits() { # branch, patterns
  [ -n "$2" ] || return 0
  set -f
  for pattern in $2; do
    # shellcheck disable=SC2254  # it is a pattern
    case $1 in $pattern) set +f; return 0 ;; esac
  done
  set +f
  return 1
}

addresses() { # algorithm hash path url
  named=$(encode "$package" '')
  last=$(encode "${3##*/}" '')
  printf '%s\n' "$STORES" | while read -r store rest; do
    [ -n "$store" ] || continue
    store=${store%/}
    only=''
    set -f
    for word in $rest; do
      case $word in branch | file) ;; *) only="$only $word" ;; esac
    done
    set +f
    some=''
    while IFS= read -r one; do
      if fits "$one" "$only"; then some=1; fi
    done < "$work/branches"
    [ -n "$some" ] || [ -z "$only" ] || continue
    set -f
    for word in $rest; do
      case $word in
        branch)
          while IFS= read -r one; do
            ! fits "$one" "$only" || printf '%s\n' "$store/$named/$(encode "$one" /)/$2"
          done < "$work/branches"
          ;;
        file) printf '%s\n' "$store/$named/$last/$1/$2/$last" ;;
      esac
    done
    set +f
  done
  [ "$4" = - ] || printf '%s\n' "$4"
}

# --- getting it -----------------------------------------------------------------------------------------------------

digest() { # algorithm, file
  if command -v "$1sum" > /dev/null 2>&1; then
    "$1sum" < "$2" | cut -d ' ' -f 1
  else
    openssl dgst "-$1" < "$2" | sed 's/^.*[ =]//'
  fi
}

empty_of() { digest "$1" /dev/null; }

inside() { # path: whether no symlink on its way leads out of the checkout
  way=$root
  left=$1
  while :; do
    case $left in
      */*) way=$way/${left%%/*} left=${left#*/} ;;
      *) break ;;
    esac
    [ -d "$way" ] || [ -L "$way" ] || break
    real=$(cd -P -- "$way" 2> /dev/null && pwd -P) || return 1
    case $real/ in "$root"/.git/* | "$root"/*/.git/*) return 1 ;; "$root"/*) ;; *) return 1 ;; esac
  done
  [ ! -L "$root/$1" ]
}

fetched() { # URL: 0 it is in $part, 1 it is not there, 2 the server failed
  case $1 in
    [Hh][Tt][Tt][Pp][Ss]:*) then='=https' ;;
    *) then='=https,http' ;;
  esac
  for try in 1 2 3; do
    code=$(curl -q --globoff --silent --location --fail --max-redirs 5 --proto '=https,http' --proto-redir "$then" \
      --connect-timeout 30 --speed-limit 1024 --speed-time 60 --continue-at - --output "$part" \
      --write-out '%{http_code}' --url "$1")
    ended=$?
    [ $ended -ne 0 ] || return 0
    case $code in
      404 | 410) return 1 ;;
      4* ) [ "$code" = 416 ] || return 2; rm -f -- "$part" ;;
    esac
    case $ended in 33 | 36) rm -f -- "$part" ;; esac
    [ $try -eq 3 ] || sleep 1
  done
  return 2
}

get() { # algorithm hash path url
  reason="no store has it"
  addresses "$1" "$2" "$3" "$4" > "$work/addresses"
  while IFS= read -r address <&3; do
    rm -f -- "$part"
    fetched "$address"
    case $? in
      1) continue ;;
      2) reason="$address can not be read"; continue ;;
    esac
    [ -f "$part" ] || : > "$part"
    if [ "$(digest "$1" "$part")" = "$2" ]; then
      say "$3: from $address"
      return 0
    fi
    reason="$address has other content than its hash says"
  done 3< "$work/addresses"
  fail "$3: $reason"
  return 1
}

plain_git() { GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 git "$@"; }

packed() { # path url commit: makes $work/tar
  stem=${1##*/}
  case $stem in
    *.tgz) stem=${stem%.tgz} ;;
    *.tar) stem=${stem%.tar} ;;
    *) stem=${stem%.tar.*} ;;
  esac
  rm -rf -- "$work/git"
  plain_git init -q --bare --template= "$work/git" || return 1
  mkdir -p "$work/git/info"
  printf '%s\n' '* -export-subst -export-ignore' > "$work/git/info/attributes"
  plain_git --git-dir="$work/git" fetch -q --no-tags --depth=1 -- "$2" "$3" 2> /dev/null ||
    plain_git --git-dir="$work/git" fetch -q --no-tags -- "$2" '+refs/heads/*:refs/seen/heads/*' '+refs/tags/*:refs/seen/tags/*' ||
    return 1
  plain_git --git-dir="$work/git" -c tar.umask=0022 archive --format=tar --prefix="$stem/" -o "$work/tar" "$3"
}

unpack() { # path
  case $1 in
    *.tar.gz | *.tgz) gzip -dc < "$1" ;;
    *.tar.bz2) bzip2 -dc < "$1" ;;
    *.tar.xz) xz -dc < "$1" ;;
    *) cat < "$1" ;;
  esac 2> /dev/null
}

pack() { # path
  case $1 in
    *.tar.gz | *.tgz) gzip -nc < "$work/tar" ;;
    *.tar.bz2) bzip2 -c < "$work/tar" ;;
    *.tar.xz) xz -c < "$work/tar" ;;
    *) cat < "$work/tar" ;;
  esac
}

good() { # algorithm hash path url commit: whether the file that is there is the one declared
  if [ "$1" != - ]; then
    [ "$(digest "$1" "$3")" = "$2" ]
    return
  fi
  packed "$3" "$4" "$5" || return 1
  unpack "$3" > "$work/unpacked"
  cmp -s "$work/tar" "$work/unpacked"
}

one() { # algorithm hash path url commit
  if ! inside "$3"; then
    fail "$3: a symlink leads out of the checkout, or is in its place"
    return
  fi
  if [ -d "$3" ]; then
    fail "$3: there is a folder of this name"
    return
  fi
  if [ -e "$3" ]; then
    if good "$@"; then
      say "$3: kept"
      return
    fi
    if [ -n "$check" ] || [ -z "$replace" ]; then
      fail "$3: is there with other content than was declared"
      return
    fi
  elif [ -n "$check" ]; then
    printf 'missing: %s\n' "$3" >&2
    missing=1
    return
  fi
  folder=.
  case $3 in */*) folder=${3%/*} ;; esac
  mkdir -p -- "$folder" || { fail "$3: its folder can not be made"; return; }
  part=$folder/.get_sources.$$.part
  rm -f -- "$part"
  if [ "$5" != - ]; then
    if ! packed "$3" "$4" "$5"; then
      fail "$3: $4 has no commit $5, or can not be read"
      return
    fi
    pack "$3" > "$part"
    if [ "$1" != - ] && [ "$(digest "$1" "$part")" != "$2" ]; then
      fail "$3: the commit is packed to something else than the hash of its line"
      rm -f -- "$part"
      return
    fi
    say "$3: from commit $5"
  elif [ "$2" = "$(empty_of "$1")" ]; then
    : > "$part"
    say "$3: empty"
  elif ! get "$@"; then
    rm -f -- "$part"
    return
  fi
  mv -f -- "$part" "$3" || fail "$3: can not be written"
  part=''
}

branches > "$work/branches"
while IFS=$TAB read -r algorithm sign path url commit <&4; do
  one "$algorithm" "$sign" "$path" "$url" "$commit"
done 4< "$work/list"

[ -z "$failed" ] || exit 1
[ -z "$missing" ] || exit 2
