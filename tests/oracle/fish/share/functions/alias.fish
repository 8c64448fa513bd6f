function alias
    set -l name $argv[1]
    set -l body $argv[2]
    if not set -q argv[2]
        set -l parts (string split -m 1 = -- $argv[1])
        set name $parts[1]
        set body $parts[2]
    end
    echo "function $name --description "(string escape -- "alias $argv")"; command $body \$argv; end" | source
end
