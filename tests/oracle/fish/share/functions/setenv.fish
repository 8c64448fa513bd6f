function setenv
    set -gx $argv[1] $argv[2]
end
