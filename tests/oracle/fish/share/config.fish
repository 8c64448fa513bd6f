# Stands in for fish's own config.fish where a row is to be held without fish: the order of files and fish_user_paths are alike.
set -g __fish_added_user_paths

set -l vendors $__fish_data_dir
if set -q XDG_DATA_DIRS
    set --path vendors $XDG_DATA_DIRS
    set vendors (string replace -r '/+$' '' -- $vendors)/fish
end
set -g __fish_vendor_confdirs $__fish_user_data_dir/vendor_conf.d $vendors/vendor_conf.d
set -q fish_function_path
or set fish_function_path $__fish_config_dir/functions $__fish_sysconf_dir/functions $__fish_data_dir/functions

function __fish_reconstruct_path --on-variable fish_user_paths
    set -l path
    for entry in $PATH
        contains -- $entry $__fish_added_user_paths
        or set -a path $entry
    end
    set -g __fish_added_user_paths
    for entry in $fish_user_paths[-1..1]
        if set -l at (contains -i -- $entry $path)
            set -e path[$at]
        else
            set -a __fish_added_user_paths $entry
        end
        set path $entry $path
    end
    set -gx PATH $path
end
__fish_reconstruct_path

set -l seen
for file in $__fish_config_dir/conf.d/*.fish $__fish_sysconf_dir/conf.d/*.fish $__fish_vendor_confdirs/*.fish
    set -l name (path basename $file)
    if not contains -- $name $seen
        set -a seen $name
        test -f $file; and source $file
    end
end
