
# Names of the cluster, where one may stand.
function __liftui_names
    command liftui __names (commandline -cp | string collect) 2>/dev/null </dev/null
end
complete -c liftui -n 'not string match -q -- "-*" (commandline -ct)' -a '(__liftui_names)'
