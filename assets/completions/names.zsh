
# Names of the cluster, where one may stand; files where none may.
_liftui_names() {
    local -a names
    names=(${(f)"$(command liftui __names "$LBUFFER" 2>/dev/null </dev/null)"})
    if (( $#names )); then
        compadd -a names
    else
        _default
    fi
}
