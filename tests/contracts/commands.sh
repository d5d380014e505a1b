# The commands that a page prints, for tests that run them. Sourced after lib.sh.
# SPDX-License-Identifier: MIT

# Lines that begin with "$ " in ```console blocks go to TO/.commands; a line that ends in \ continues. A block after the line <!-- file: NAME -->
# is written to TO/NAME. A block after <!-- not run: WHY --> is only taken with SECTION, the title (## or bold) of the one that is wanted.
extract_commands() { # extract_commands PAGE TO [SECTION]
    awk -v to="$2" -v section="${3-}" '
        BEGIN { wanted = section == "" }
        /^```/ && !inside {
            inside = 1; kind = wanted ? substr($0, 4) : "no"
            if (file != "" && wanted) {
                kind = "file"
                if (file ~ /\//) { folder = file; sub(/\/[^\/]*$/, "", folder); system("mkdir -p \"" to "/" folder "\"") }
                printf "" >(to "/" file)
            }
            if (left_alone && section == "") kind = "no"
            next
        }
        /^```/ { inside = 0; if (kind == "file") close(to "/" file); file = ""; left_alone = 0; going = 0; next }
        !inside && section != "" && /^(#|\*\*)/ { title = $0; sub(/^(#+ |\*\*)/, "", title); wanted = index(title, section) == 1 }
        !inside && /^<!-- file: [A-Za-z0-9_.\/-]+ -->$/ { file = $3; next }
        !inside && /^<!-- not run: .* -->$/ { left_alone = 1; next }
        !inside && NF { file = ""; left_alone = 0 }
        inside && kind == "file" { print >(to "/" file) }
        inside && kind == "console" && (going || /^\$ /) {
            line = $0
            if (!going) sub(/^\$ /, "", line)
            going = line ~ /\\$/
            sub(/\\$/, "", line)
            printf "%s%s", line, going ? "" : "\n"
        }' "$1" >"$2/.commands"
}

# One after another in this folder; what they export stays. Each that fails is an offence.
run_commands() { # run_commands FILE [SECONDS]
    local command output code started
    count=0
    while IFS= read -r command <&3; do
        count=$((count + 1)) started=$SECONDS
        case $command in
        export\ *) eval "$command"; continue ;;
        esac
        output=$(timeout --kill-after=5 "${2-180}" bash -o pipefail -c "$command" 2>&1 </dev/null)
        code=$?
        case $code$command in
        141*"| head"*) code=0 ;; # SIGPIPE: the head had all that it wanted
        esac
        echo "$((SECONDS - started)) s: $command"
        [ $code = 0 ] || offence "exit code $code from: $command
$(tail -n 15 <<<"$output")"
    done 3<"$1"
    [ $count -gt 0 ] || offence "no command found; they stand in \`\`\`console blocks, after \"\$ \""
}

# Makes $work the folder that pages speak of, with this tree as ./thalweg (and its build folder as ./build), the examples, and a home.
own_tree() {
    local part
    mkdir -p "$work/home" "$work/thalweg" && cd "$work" || exit 1
    for part in "$top"/*; do
        case ${part##*/} in build*) ;; *) ln -s "$part" thalweg/ ;; esac
    done
    ln -s "$build" thalweg/build && ln -s "$build" build && ln -s "$top/tests" tests && cp "$top"/examples/*.c . || exit 1
    export HOME=$work/home
    unset PKG_CONFIG_PATH LD_LIBRARY_PATH CMAKE_PREFIX_PATH
}
