
# Names of the cluster, where one may stand.
_liftui_names() {
    _liftui "$@"
    local typed="${COMP_LINE:0:COMP_POINT}" word name quoted cut
    word="${typed##*[[:space:]]}"
    case "$word" in
        *[\"\']*) return 0 ;;
        *:*) [[ "$COMP_WORDBREAKS" == *:* ]] && cut="${word%"${word##*:}"}" ;;
    esac
    local -a names=()
    while IFS= read -r name; do
        printf -v quoted '%q' "$name"
        [[ -n "$cut" && "$quoted" != "$cut"* ]] && continue
        names+=("${quoted#"$cut"}")
    done < <("$1" __names "$typed" 2>/dev/null </dev/null)
    if (( ${#names[@]} > 0 )); then
        COMPREPLY=("${names[@]}")
    fi
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _liftui_names -o nosort -o bashdefault -o default liftui
else
    complete -F _liftui_names -o bashdefault -o default liftui
fi
