function fish_add_path
    argparse g/global U/universal P/path p/prepend a/append m/move -- $argv
    or return
    set -l name fish_user_paths
    set -q _flag_path; and set name PATH
    set -l fresh
    set -l old $$name
    for dir in $argv
        set -l real (builtin realpath -s -- $dir)
        test -d $real; or continue
        if set -l at (contains -i -- $real $old)
            set -q _flag_move; or continue
            set -e old[$at]
        end
        contains -- $real $fresh; or set -a fresh $real
    end
    set -q fresh[1]; or return 1
    set -l scope $_flag_global $_flag_universal
    set -q _flag_path; and set scope -g
    if not set -q scope[1]; and not set -q fish_user_paths
        set scope -U
    end
    if set -q _flag_append
        set $scope $name $old $fresh
    else
        set $scope $name $fresh $old
    end
end
