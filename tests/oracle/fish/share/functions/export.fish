function export
    for pair in $argv
        set -l parts (string split -m 1 = -- $pair)
        if set -q parts[2]
            set -gx $parts[1] $parts[2]
        else
            set -gx $parts $$parts
        end
    end
end
