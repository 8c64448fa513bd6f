"""Sets of init files: what distributions and tools put there, and statements made at random."""

ETC_PROFILE_DEBIAN = r'''# /etc/profile: system-wide .profile file for the Bourne shell (sh(1))
if [ "$(id -u)" -eq 0 ]; then
  PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
else
  PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
fi
export PATH

if [ "${PS1-}" ]; then
  if [ "${BASH-}" ] && [ "$BASH" != "/bin/sh" ]; then
    # The file bash.bashrc already sets the default PS1.
    if [ -f /etc/bash.bashrc ]; then
      . /etc/bash.bashrc
    fi
  else
    if [ "$(id -u)" -eq 0 ]; then
      PS1='# '
    else
      PS1='$ '
    fi
  fi
fi

if [ -d /etc/profile.d ]; then
  for i in /etc/profile.d/*.sh; do
    if [ -r $i ]; then
      . $i
    fi
  done
  unset i
fi
'''

ETC_PROFILE_FEDORA = r'''# /etc/profile
pathmunge () {
    case ":${PATH}:" in
        *:"$1":*)
            ;;
        *)
            if [ "$2" = "after" ] ; then
                PATH=$PATH:$1
            else
                PATH=$1:$PATH
            fi
    esac
}
if [ -x /usr/bin/id ]; then
    if [ -z "$EUID" ]; then
        # ksh workaround
        EUID=`/usr/bin/id -u`
        UID=`/usr/bin/id -ru`
    fi
    USER="`/usr/bin/id -un`"
    LOGNAME=$USER
    MAIL="/var/spool/mail/$USER"
fi
if [ "$EUID" = "0" ]; then
    pathmunge /usr/sbin
    pathmunge /usr/local/sbin
else
    pathmunge /usr/local/sbin after
    pathmunge /usr/sbin after
fi
HOSTNAME=$(/usr/bin/hostname 2>/dev/null)
HISTSIZE=1000
if [ "$HISTCONTROL" = "ignorespace" ] ; then
    export HISTCONTROL=ignoreboth
else
    export HISTCONTROL=ignoredups
fi
export PATH USER LOGNAME MAIL HOSTNAME HISTSIZE HISTCONTROL
for i in /etc/profile.d/*.sh /etc/profile.d/sh.local ; do
    if [ -r "$i" ]; then
        if [ "${-#*i}" != "$-" ]; then
            . "$i"
        else
            . "$i" >/dev/null
        fi
    fi
done
unset i
unset -f pathmunge
if [ -n "${BASH_VERSION-}" ] ; then
        if [ -f /etc/bashrc ] ; then
                . /etc/bashrc
       fi
fi
'''

ETC_PROFILE_ARCH = r'''# /etc/profile
append_path () {
    case ":$PATH:" in
        *:"$1":*)
            ;;
        *)
            PATH="${PATH:+$PATH:}$1"
    esac
}
append_path '/usr/local/sbin'
append_path '/usr/local/bin'
append_path '/usr/bin'
export PATH
if test -d /etc/profile.d/; then
	for profile in /etc/profile.d/*.sh; do
		test -r "$profile" && . "$profile"
	done
	unset profile
fi
unset -f append_path
if test "$BASH" &&\
   test "$PS1" &&\
   test -z "$POSIXLY_CORRECT" &&\
   test "${0#-}" != sh &&\
   test -r /etc/bash.bashrc
then
	. /etc/bash.bashrc
fi
unset TERMCAP
unset MANPATH
'''

ETC_PROFILE_ALPINE = r'''append_path () {
	case ":$PATH:" in
		*:"$1":*)
			;;
		*)
			PATH="${PATH:+$PATH:}$1"
			;;
	esac
}
append_path "/usr/local/sbin"
append_path "/usr/local/bin"
append_path "/usr/sbin"
append_path "/usr/bin"
append_path "/sbin"
append_path "/bin"
unset -f append_path
export PATH
export PAGER=less
umask 022
if [ -n "$BASH_VERSION" ] || [ "$BB_ASH_VERSION" ]; then
	PS1='\h:\w\$ '
fi
for script in /etc/profile.d/*.sh ; do
	if [ -r "$script" ] ; then
		. "$script"
	fi
done
unset script
'''

ETC_PROFILE_MACOS = r'''# System-wide .profile for sh(1)
if [ -x /usr/libexec/path_helper ]; then
	eval `/usr/libexec/path_helper -s`
fi
if [ "${BASH-no}" != "no" ]; then
	[ -r /etc/bashrc ] && . /etc/bashrc
fi
'''

BASHRC_DEBIAN = r'''# ~/.bashrc: executed by bash(1) for non-login shells.
case $- in
    *i*) ;;
      *) return;;
esac
HISTCONTROL=ignoreboth
shopt -s histappend
HISTSIZE=1000
HISTFILESIZE=2000
shopt -s checkwinsize
[ -x /usr/bin/lesspipe ] && eval "$(SHELL=/bin/sh lesspipe)"
if [ -z "${debian_chroot:-}" ] && [ -r /etc/debian_chroot ]; then
    debian_chroot=$(cat /etc/debian_chroot)
fi
case "$TERM" in
    xterm-color|*-256color) color_prompt=yes;;
esac
if [ -n "$force_color_prompt" ]; then
    if [ -x /usr/bin/tput ] && tput setaf 1 >&/dev/null; then
	color_prompt=yes
    else
	color_prompt=
    fi
fi
if [ "$color_prompt" = yes ]; then
    PS1='${debian_chroot:+($debian_chroot)}\[\033[01;32m\]\u@\h\[\033[00m\]:\[\033[01;34m\]\w\[\033[00m\]\$ '
else
    PS1='${debian_chroot:+($debian_chroot)}\u@\h:\w\$ '
fi
unset color_prompt force_color_prompt
case "$TERM" in
xterm*|rxvt*)
    PS1="\[\e]0;${debian_chroot:+($debian_chroot)}\u@\h: \w\a\]$PS1"
    ;;
*)
    ;;
esac
if [ -x /usr/bin/dircolors ]; then
    test -r ~/.dircolors && eval "$(dircolors -b ~/.dircolors)" || eval "$(dircolors -b)"
    alias ls='ls --color=auto'
    alias grep='grep --color=auto'
fi
alias ll='ls -alF'
alias alert='notify-send --urgency=low -i "$([ $? = 0 ] && echo terminal || echo error)" "$(history|tail -n1|sed -e '\''s/^\s*[0-9]\+\s*//;s/[;&|]\s*alert$//'\'')"'
if [ -f ~/.bash_aliases ]; then
    . ~/.bash_aliases
fi
if ! shopt -oq posix; then
  if [ -f /usr/share/bash-completion/bash_completion ]; then
    . /usr/share/bash-completion/bash_completion
  elif [ -f /etc/bash_completion ]; then
    . /etc/bash_completion
  fi
fi
'''

BASHRC_FEDORA = r'''# .bashrc
if [ -f /etc/bashrc ]; then
    . /etc/bashrc
fi
if ! [[ "$PATH" =~ "$HOME/.local/bin:$HOME/bin:" ]]; then
    PATH="$HOME/.local/bin:$HOME/bin:$PATH"
fi
export PATH
if [ -d ~/.bashrc.d ]; then
    for rc in ~/.bashrc.d/*; do
        if [ -f "$rc" ]; then
            . "$rc"
        fi
    done
fi
unset rc
'''

PROFILE_DEBIAN = r'''# ~/.profile: executed by the command interpreter for login shells.
if [ -n "$BASH_VERSION" ]; then
    if [ -f "$HOME/.bashrc" ]; then
	. "$HOME/.bashrc"
    fi
fi
if [ -d "$HOME/bin" ] ; then
    PATH="$HOME/bin:$PATH"
fi
if [ -d "$HOME/.local/bin" ] ; then
    PATH="$HOME/.local/bin:$PATH"
fi
'''

PROFILE_ROOT = r'''# ~/.profile: executed by Bourne-compatible login shells.
if [ "$BASH" ]; then
  if [ -f ~/.bashrc ]; then
    . ~/.bashrc
  fi
fi
mesg n 2> /dev/null || true
'''

BASH_PROFILE = r'''# .bash_profile
if [ -f ~/.bashrc ]; then
	. ~/.bashrc
fi
PATH=$PATH:$HOME/.local/bin:$HOME/bin
export PATH
'''

ETC_BASHRC_DEBIAN = r'''# System-wide .bashrc file for interactive bash(1) shells.
[ -z "${PS1-}" ] && return
shopt -s checkwinsize
if [ -z "${debian_chroot:-}" ] && [ -r /etc/debian_chroot ]; then
    debian_chroot=$(cat /etc/debian_chroot)
fi
if ! [ -n "${SUDO_USER}" -a -n "${SUDO_PS1}" ]; then
  PS1='${debian_chroot:+($debian_chroot)}\u@\h:\w\$ '
fi
if [ ! -e "$HOME/.sudo_as_admin_successful" ] && [ ! -e "$HOME/.hushlogin" ] ; then
    case " $(groups 2>/dev/null) " in *\ admin\ *|*\ sudo\ *)
    if [ -x /usr/bin/sudo ]; then
	cat <<-EOF
	To run a command as administrator (user "root"), use "sudo <command>".
	See "man sudo_root" for details.

	EOF
    fi
    esac
fi
if [ -x /usr/lib/command-not-found -o -x /usr/share/command-not-found/command-not-found ]; then
	function command_not_found_handle {
	        if [ -x /usr/lib/command-not-found ]; then
		   /usr/lib/command-not-found -- "$1"
                   return $?
		else
		   printf "%s: command not found\n" "$1" >&2
		   return 127
		fi
	}
fi
'''

ZSHENV_DEBIAN = r'''# /etc/zsh/zshenv
if [[ -z "$PATH" || "$PATH" == "/bin:/usr/bin" ]]
then
	export PATH="/usr/local/bin:/usr/bin:/bin:/usr/games"
fi
'''

ZPROFILE_ARCH = "emulate sh -c 'source /etc/profile'\n"

ZPROFILE_MACOS = r'''if [ -x /usr/libexec/path_helper ]; then
	eval `/usr/libexec/path_helper -s`
fi
'''

ZSHRC_OMZ = r'''# If you come from bash you might have to change your $PATH.
# export PATH=$HOME/bin:$HOME/.local/bin:/usr/local/bin:$PATH
export ZSH="$HOME/.oh-my-zsh"
ZSH_THEME="robbyrussell"
plugins=(git golang)
source $ZSH/oh-my-zsh.sh
export LANG=en_US.UTF-8
if [[ -n $SSH_CONNECTION ]]; then
  export EDITOR='vim'
else
  export EDITOR='nvim'
fi
alias zshconfig="mate ~/.zshrc"
'''

OMZ = r'''# ANSI formatting
[[ -n "$ZSH" ]] || export ZSH="${${(%):-%x}:a:h}"
[[ -n "$ZSH_CUSTOM" ]] || ZSH_CUSTOM="$ZSH/custom"
[[ -n "$ZSH_CACHE_DIR" ]] || ZSH_CACHE_DIR="$ZSH/cache"
mkdir -p "$ZSH_CACHE_DIR/completions"
(( ${fpath[(Ie)$ZSH_CACHE_DIR/completions]} )) || fpath=("$ZSH_CACHE_DIR/completions" $fpath)
fpath=($ZSH/{functions,completions} $ZSH_CUSTOM/{functions,completions} $fpath)
autoload -U compaudit compinit zrecompile
is_plugin() {
  local base_dir=$1
  local name=$2
  builtin test -f $base_dir/plugins/$name/$name.plugin.zsh \
    || builtin test -f $base_dir/plugins/$name/_$name
}
for plugin ($plugins); do
  if is_plugin "$ZSH_CUSTOM" "$plugin"; then
    fpath=("$ZSH_CUSTOM/plugins/$plugin" $fpath)
  elif is_plugin "$ZSH" "$plugin"; then
    fpath=("$ZSH/plugins/$plugin" $fpath)
  fi
done
_omz_source() {
  local context filepath="$1"
  case "$filepath" in
  lib/*) context="lib:${filepath:t:r}" ;;
  plugins/*) context="plugins:${filepath:h:t}" ;;
  esac
  if [[ -f "$ZSH_CUSTOM/$filepath" ]]; then
    source "$ZSH_CUSTOM/$filepath"
  elif [[ -f "$ZSH/$filepath" ]]; then
    source "$ZSH/$filepath"
  fi
}
for lib_file ("$ZSH"/lib/*.zsh); do
  _omz_source "lib/${lib_file:t}"
done
unset lib_file
for plugin ($plugins); do
  _omz_source "plugins/$plugin/$plugin.plugin.zsh"
done
unset plugin
for config_file ("$ZSH_CUSTOM"/*.zsh(N)); do
  source "$config_file"
done
unset config_file
if [[ -n "$ZSH_THEME" ]]; then
  if [[ -f "$ZSH/themes/$ZSH_THEME.zsh-theme" ]]; then
    source "$ZSH/themes/$ZSH_THEME.zsh-theme"
  fi
fi
'''

NVM = r'''export NVM_DIR="$HOME/.nvm"
[ -s "$NVM_DIR/nvm.sh" ] && \. "$NVM_DIR/nvm.sh"  # This loads nvm
[ -s "$NVM_DIR/bash_completion" ] && \. "$NVM_DIR/bash_completion"
'''

CARGO_ENV = r'''#!/bin/sh
# rustup shell setup
# affix colons on either side of $PATH to simplify matching
case ":${PATH}:" in
    *:"$HOME/.cargo/bin":*)
        ;;
    *)
        # Prepending path in case a system-installed rustc needs to be overridden
        export PATH="$HOME/.cargo/bin:$PATH"
        ;;
esac
'''

PYENV = r'''export PYENV_ROOT="$HOME/.pyenv"
[[ -d $PYENV_ROOT/bin ]] && export PATH="$PYENV_ROOT/bin:$PATH"
command -v pyenv >/dev/null && eval "$(pyenv init -)"
'''

PYENV_SH = r'''export PYENV_ROOT="$HOME/.pyenv"
command -v pyenv >/dev/null || export PATH="$PYENV_ROOT/bin:$PATH"
'''

BREW = r'''eval "$(/opt/homebrew/bin/brew shellenv)"
'''

SDKMAN = r'''export SDKMAN_DIR="$HOME/.sdkman"
[[ -s "$HOME/.sdkman/bin/sdkman-init.sh" ]] && source "$HOME/.sdkman/bin/sdkman-init.sh"
'''

SDKMAN_INIT = r'''export SDKMAN_CANDIDATES_API="https://api.sdkman.io/2"
if [ -z "$SDKMAN_DIR" ]; then
	export SDKMAN_DIR="$HOME/.sdkman"
fi
export SDKMAN_PLATFORM="linuxx64"
SDKMAN_AVAILABLE_CANDIDATES="java gradle"
function __sdkman_set_path() { export PATH="$SDKMAN_DIR/candidates/$1/current/bin:$PATH"; }
for candidate in java gradle kotlin; do
	if [ -d "$SDKMAN_DIR/candidates/$candidate/current" ]; then
		__sdkman_set_path "$candidate"
		eval "export ${candidate}_HOME=$SDKMAN_DIR/candidates/$candidate/current"
	fi
done
unset candidate
'''

ASDF = r'''. "$HOME/.asdf/asdf.sh"
'''

ASDF_SH = r'''if [ -n "${BASH_SOURCE[0]}" ]; then
  current_script_path="${BASH_SOURCE[0]}"
elif [ -n "$ZSH_VERSION" ]; then
  current_script_path="${(%):-%x}"
else
  current_script_path="$0"
fi
export ASDF_DIR="$HOME/.asdf"
ASDF_BIN="${ASDF_DIR}/bin"
ASDF_USER_SHIMS="${ASDF_DATA_DIR:-$HOME/.asdf}/shims"
case ":$PATH:" in
*":${ASDF_BIN}:"*) : ;;
*) PATH="${ASDF_BIN}:$PATH" ;;
esac
case ":$PATH:" in
*":${ASDF_USER_SHIMS}:"*) ;;
*) PATH="${ASDF_USER_SHIMS}:$PATH" ;;
esac
'''

GVM = r'''[[ -s "$HOME/.gvm/scripts/gvm" ]] && source "$HOME/.gvm/scripts/gvm"
'''

GVM_SCRIPT = r'''export GVM_ROOT="$HOME/.gvm"
export gvm_go_name="go1.21"
export GOROOT="$GVM_ROOT/gos/go1.21"; export GOROOT
export GOPATH="$GVM_ROOT/pkgsets/go1.21/global"; export GOPATH
export PATH="$GVM_ROOT/bin:$GOROOT/bin:$GOPATH/bin:$PATH"
'''

G_TOOL = r'''# g-install: do NOT edit, see https://github.com/stefanmaric/g
export GOPATH="$HOME/go"; export GOROOT="$HOME/.go"; export PATH="$GOPATH/bin:$PATH"; # g-install
'''

G_ENV = r'''[ -s "${HOME}/.g/env" ] && \. "${HOME}/.g/env"  # g shell setup
'''

G_ENV_FILE = r'''#!/bin/sh
export GOROOT="${HOME}/.g/go"
export PATH="${HOME}/.g/bin:${GOROOT}/bin:$PATH"
export G_MIRROR=https://golang.google.cn/dl/
'''

CONDA = r'''# >>> conda initialize >>>
__conda_setup="$('/opt/conda/bin/conda' 'shell.bash' 'hook' 2> /dev/null)"
if [ $? -eq 0 ]; then
    eval "$__conda_setup"
else
    if [ -f "/opt/conda/etc/profile.d/conda.sh" ]; then
        . "/opt/conda/etc/profile.d/conda.sh"
    else
        export PATH="/opt/conda/bin:$PATH"
    fi
fi
unset __conda_setup
# <<< conda initialize <<<
'''

SSH_AGENT = r'''SSH_ENV="$HOME/.ssh/environment"
start_agent() {
    /usr/bin/ssh-agent | sed 's/^echo/#echo/' > "${SSH_ENV}"
    chmod 600 "${SSH_ENV}"
    . "${SSH_ENV}" > /dev/null
}
if [ -f "${SSH_ENV}" ]; then
    . "${SSH_ENV}" > /dev/null
fi
'''

ANY = [
    'export GOPATH=$HOME/go\n',
    'export GOPATH=~/go\nexport PATH=$PATH:$GOPATH/bin\n',
    'export GOROOT=/usr/local/go\nexport PATH=$PATH:$GOROOT/bin:$GOPATH/bin\n',
    'export PATH=$PATH:/usr/local/go/bin\n',
    'export PATH=$PATH:$(go env GOPATH)/bin\n',
    'export PATH="$PATH:`go env GOPATH`/bin"\n',
    'PATH="$HOME/sdk/go1.22/bin:$PATH"; export PATH\n',
    'if [ -d /usr/local/go/bin ]; then PATH="/usr/local/go/bin:$PATH"; fi\n',
    '[ -d "$HOME/go/bin" ] && PATH="$HOME/go/bin:$PATH"\n',
    'if command -v go >/dev/null 2>&1; then\n  export GOBIN="$HOME/bin-go"\nfi\n',
    'if type go >/dev/null 2>&1; then export HAVE_GO=1; else export HAVE_GO=0; fi\n',
    'for d in "$HOME/bin" "$HOME/.local/bin" /opt/tools/bin; do\n  if [ -d "$d" ]; then\n    PATH="$d:$PATH"\n  fi\ndone\nunset d\n',
    'case ":$PATH:" in\n  *":/opt/x/bin:"*) ;;\n  *) PATH="/opt/x/bin${PATH:+:${PATH}}" ;;\nesac\nexport PATH\n',
    'export EDITOR=vim VISUAL="$EDITOR" PAGER=${PAGER:-less}\n',
    ': "${XDG_CONFIG_HOME:=$HOME/.config}"\nexport XDG_CONFIG_HOME\n',
    'export GOFLAGS="-mod=mod -trimpath"\n',
    "export GOPROXY='https://proxy.golang.org,direct'\n",
    'export GOPRIVATE=example.com/\\*\n',
    'set -a\nGOTOOLCHAIN=local\nGOSUMDB=off\nset +a\nGONOPROXY=x\n',
    'umask 022\nulimit -n 1024 2>/dev/null\n',
    'pathadd() {\n  if [ -d "$1" ] && ! echo ":$PATH:" | grep -q ":$1:"; then\n    PATH="$1:$PATH"\n  fi\n}\npathadd /opt/tools/bin\n',
    'addpath() { case ":$PATH:" in *":$1:"*) return 0;; esac; PATH="$1:$PATH"; }\naddpath /opt/a/bin; addpath /opt/b/bin; addpath /opt/a/bin\n',
    'alias go="GOFLAGS=-v go"\n',
    'go() { command go "$@"; }\n',
    'LOCALRC="$HOME/.localrc"\n[ -r "$LOCALRC" ] && . "$LOCALRC"\n',
    '[ -f ~/.secrets ] && . ~/.secrets\n',
    'export X1="a\\"b\\$c\\\\d"\nexport X2=\'single $novar\'\nexport X3=plain\\ space\n',
    'export X4="${HOME##*/}" X5="${PATH%%:*}" X6="${PATH##*:}" X7="${#HOME}"\n',
    'export N=$((1 + 2 * 3)) M=$(( ${N:-0} + 1 ))\n',
    'i=0\nwhile [ $i -lt 5 ]; do i=$((i+1)); L="$L$i"; done\nexport L\n',
    'export OS="$(uname -s)"\nif [ "$OS" = Linux ]; then export ON_LINUX=yes; elif [ "$OS" = Darwin ]; then export ON_MAC=yes; fi\n',
    'case "$(uname)" in\n  Darwin*) export P=mac;;\n  Linux*) export P=linux;;\nesac\n',
    'OLD_IFS=$IFS; IFS=:; n=0; for p in $PATH; do n=$((n+1)); done; IFS=$OLD_IFS; unset OLD_IFS; export n\n',
    'unset PATH_EXTRA; export PATH_EXTRA\n',
    'export A=1; A=2; unset B; B=3\n',
    'FOO=bar export BAZ=qux\n',
    'cd /opt 2>/dev/null && export WAS=$PWD; cd "$HOME"\n',
    'if [ "$SHLVL" = 1 ]; then export TOP=1; fi\n',
    'test -z "$SSH_TTY" || export REMOTE=1\n',
    'eval "export EV=\\"$HOME/ev\\""\n',
    'export T="$(echo one; echo two)"\nexport U=$(printf "%s-%s" a b)\n',
    'cat <<EOF >/dev/null\n$HOME\nexport NOT=1\nEOF\nexport YES=1\n',
    "cat > /dev/null <<'EOF'\nit's $HOME `x`\nEOF\n",
    '{ export G1=1; } 2>/dev/null\n( export G2=1 )\nexport G3=1 &\n',
    'true && export C1=1 || export C2=1\nfalse || export C3=1\n! false && export C4=1\n',
    'echo hi | read V; export V\n',
    'set -- x y z; export ARG="$2$#"; shift; export ARG2="$*"\n',
    'unalias ls 2>/dev/null || :\nalias ls="ls -F"\n',
    'f() { local v=1; export W=$v; return 3; }; f; export R=$?\n',
    'export Q="${UNSET_VAR:-def ault}" Q2="${HOME:+set}" Q3=${UNSET_VAR-}\n',
    'if grep -q x /nonexistent 2>/dev/null; then export GREPPED=1; fi\n',
    'no_such_command_here 2>/dev/null && export NOPE=1\nno_such_command_here 2>/dev/null || export NOPE2=1\n',
    'export LANG=C LC_ALL=C\n',
    'export MANPATH=":$HOME/man"\n',
    '# a comment with \' and "\n\\\nexport CONT=a\\\nb\n',
    'if true\nthen\n  :\nelse\n  export NEVER=1\nfi\n',
    'until false; do export ONCE=1; break; done\n',
    'for x in a b c; do [ $x = b ] && continue; S="$S$x"; done; export S\n',
    'export PATH=$(echo $PATH | sed "s,:/usr/games,,")\n',
    'export HIST="$HOME/.hist"; readonly RO=1; export RO\n',
    '. /nonexistent/file 2>/dev/null || true\nexport AFTER_DOT=1\n',
    '[ -r /etc/os-release ] && . /etc/os-release && export DIST=$ID\n',
    'export K="$(cat /etc/hostname 2>/dev/null)"\n',
    'trap : EXIT 2>/dev/null; hash -r 2>/dev/null; export TR=1\n',
    'x="a b  c"; set -- $x; export CNT=$#\n',
    'export E1=${E1}x; E1=${E1}y\n',
    'export T1=~ T2=~/x:~/y T3="~/z" T4=a:~/b\n',
    'export GLOB="$(echo /opt/*/bin)"\n',
    'test "$USER" = root && export IS_ROOT=1 || export IS_ROOT=0\n',
    'return 0 2>/dev/null\nexport AFTER_RETURN=1\n',
    'export DQ="x\'y" SQ=\'x"y\'\n',
    'export BT=`echo \\`echo nested\\``\n',
    'PATH=$PATH:/late; command true\n',
    'printf "%s\\n" hello >/dev/null; export PF=1\n',
    '[ "$HOME" = /root -a -d /opt ] && export AA=1\n[ ! -d /nope -o -f /nope ] && export OO=1\n',
    'if [ -n "$ZSH_VERSION" ]; then export WHICH=zsh; elif [ -n "$BASH_VERSION" ]; then export WHICH=bash; else export WHICH=sh; fi\n',
    'export P2="${PATH%:*}"; export P3="${HOME%/}"; export P4="${P3#/}"\n',
    NVM, G_TOOL, G_ENV, CONDA, BREW, SSH_AGENT, PYENV_SH,
]

BASH_ONLY = [
    'export PATH="$PATH:${HOME}/x"\n[[ $- == *i* ]] && export INTER=1\n',
    '[[ $- != *i* ]] && return\nexport AFTER_INTER=1\n',
    '[ -z "$PS1" ] && return\nexport AFTER_PS1=1\n',
    'declare -x DX=1\nexport -n DX\ndeclare -x DY=2\n',
    'PATH+=":/plus"\nexport EXTRA+=x\n',
    'dirs=(/opt/tools/bin "$HOME/bin" /nope)\nfor d in "${dirs[@]}"; do [[ -d $d ]] && PATH="$d:$PATH"; done\nexport ND=${#dirs[@]} D0=$dirs D1=${dirs[1]}\n',
    'if [[ -f ~/.bashrc.local ]]; then source ~/.bashrc.local; fi\n',
    'export R1="${PATH//:/ }" R2="${HOME/root/user}" R3="${HOME^^}" R4="${HOME:1:3}"\n',
    'for ((i=0;i<3;i++)); do Z="$Z$i"; done; export Z\n',
    'export SEQ="$(echo {1..3} x{a,b}y)"\n',
    '(( 1 < 2 )) && export LT=1\nlet "q = 3 * 4"; export q\n',
    'function paths { local IFS=:; for p in $PATH; do last=$p; done; }\npaths; export last\n',
    "export AC=$'a\\tb\\x41'\n",
    'ref=HOME; export IND="${!ref}"\n',
    'declare -A map=([a]=1 [b]=2)\nexport MB=${map[b]}\n',
    'shopt -s nullglob; export NG="$(echo /nope/*)x"; shopt -u nullglob\n',
    'printf -v PV "%s/%s" a b; export PV\n',
    'set -o noclobber; set +o noclobber\nexport -f f 2>/dev/null\n',
    'if [[ "$HOME" =~ ^/root ]]; then export RX=1; fi\n',
    'case $HOSTNAME in vm*|box) export VM=1;; esac\n',
    'export UIDV=$UID EUIDV=$EUID\n',
    'while IFS= read -r line; do export LAST="$line"; done < /etc/hostname\n',
    'mapfile -t lines < /etc/hostname; export ML="${lines[0]}"\n',
    'export SELF="${BASH_SOURCE[0]}"\nexport SDIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\n',
    'a=(1 2 3); a+=(4); unset "a[0]"; export AN="${#a[@]}"; export AS="${a[*]}"\n',
    '[[ ":$PATH:" != *":/opt/q:"* ]] && export PATH="/opt/q:$PATH"\n',
    'complete -F _x go 2>/dev/null; bind "set bell-style none" 2>/dev/null; export CB=1\n',
    'export PROMPT_COMMAND="history -a; $PROMPT_COMMAND"\n',
    PYENV, SDKMAN, ASDF, GVM,
]

ZSH_ONLY = [
    'path=($HOME/bin $path)\n',
    'path+=(/opt/tools/bin)\nexport PATH\n',
    'typeset -U path PATH\npath=(/opt/a/bin $path /opt/a/bin)\n',
    'typeset -U path\npath=(~/.local/bin(N-/) /opt/tools/bin(N-/) /nope(N-/) $path)\n',
    'export -U PATH=/opt/z/bin${PATH:+:$PATH}\n',
    'if (( $+commands[go] )); then export ZGO=1; else export ZGO=0; fi\n',
    '(( ${+commands[brew]} )) && export ZBREW=1\n',
    'autoload -Uz compinit && compinit -u -D\nzstyle ":completion:*" menu select\nbindkey -e\nsetopt autocd extendedglob\n',
    'setopt no_global_rcs\n',
    'unsetopt nomatch; export NM="$(echo /nope/*)"\n',
    'for p in $path; do last=$p; done; export last\n',
    'for d (/opt/tools/bin $HOME/bin /nope) if [[ -d $d ]] path=($d $path)\nexport ND=$#path\n',
    'if [[ -o interactive ]] { export ZI=1 } else { export ZI=0 }\n',
    'export ZH="${HOME:t}" ZD="${HOME:h}" ZU="${(U)HOME}"\n',
    'export ZS="${(j.,.)path}"\nparts=(${(s.:.)PATH}); export NP=${#parts}\n',
    'typeset -gx TG=1\ntypeset -T LDP ldp\nldp=(/a /b)\nexport LDP\n',
    'function zf() { local x=1; typeset -x TX=2; typeset -gx TY=3 }\nzf\n',
    'ZDOTDIR=${ZDOTDIR:-$HOME/.config/zsh}\n',
    '() { local v=$1; export ANON=$v } arg\n',
    'repeat 3; do RP="${RP}x"; done; export RP\n',
    'x="a b c"; export ZC="$(for i in $x; do echo -n "[$i]"; done)"\n',
    'export FILE="${(%):-%N}" FX=${${(%):-%x}:t}\n',
    '[[ -s ~/.zsh/extra.zsh ]] && source ~/.zsh/extra.zsh\n',
    'export fpath_n=1; fpath=(~/.zfunc $fpath)\n',
    'arr=(a b c); export E1=$arr[1] E2=${arr[-1]} E3="$arr" E4=${#arr}\n',
    'case $OSTYPE in linux*) export ZL=1;; darwin*) export ZM=1;; esac\n',
    'alias -g G="| grep"; alias -s go=vim; export AG=1\n',
    'export PATH=$HOME/.q/bin:$PATH; path=("${path[@]:#/usr/games}")\n',
    'emulate -L zsh\nexport EM=1\n',
    '[[ -n ${commands[uname]} ]] && export CU=1\n',
    'hash -d proj=~/proj; export HD=1\n',
    'eval "$(starship init zsh)"\n',
    'if [[ $TERM == (xterm|screen)* ]]; then export TT=1; fi\n',
    'export MSG="a\nb"\n',
    'setopt sh_word_split; y="1 2 3"; set -- $y; export WS=$#; unsetopt sh_word_split\n',
    'precmd() { vcs_info }\nexport PC=1\n',
    'export GOPATH=$HOME/go GOBIN=$HOME/go/bin; path=($GOBIN $path)\n',
]
ZSH_ONLY = [s for s in ZSH_ONLY]

BROKEN = ['if true; then\n', 'export BEFORE=1\nfi\n', 'x=(\n', 'echo "unclosed\n', 'export B1=1\n)\nexport B2=1\n', 'case x in\n']

EXECS = {
    "/usr/local/go/bin/go": '#!/.sh/dash\necho /root/go\n',
    "/opt/homebrew/bin/brew": '#!/.sh/dash\necho \'export HOMEBREW_PREFIX="/opt/homebrew"; export PATH="/opt/homebrew/bin:$PATH"\'\n',
    "/root/.pyenv/bin/pyenv": '#!/.sh/dash\necho \'export PATH="/root/.pyenv/shims:$PATH"; export PYENV_SHELL=x\'\n',
    "/opt/conda/bin/conda": '#!/.sh/dash\necho \'export CONDA_EXE=/opt/conda/bin/conda; PATH=/opt/conda/condabin:$PATH\'\n',
    "/usr/bin/lesspipe": '#!/.sh/dash\necho \'export LESSOPEN="| /usr/bin/lesspipe %s";\'\n',
    "/usr/bin/go": '#!/.sh/dash\necho /root/gopath\n',
}


def statements(rng, pool, low, high):
    return "".join(rng.choice(pool) for _ in range(rng.randint(low, high)))


def nested(rng, pool):
    """Statements within conditions, loops and functions."""
    inner = "".join("  " + line if line.strip() else line for line in statements(rng, pool, 1, 2).splitlines(True))
    if "<<" in inner or "return" in inner or "\\\n" in inner:
        return inner.replace("  ", "")
    kind = rng.randrange(7)
    if kind == 0:
        return f'if [ -d {rng.choice(["/opt", "/nope", "$HOME"])} ]; then\n{inner}else\n  export ELSE{rng.randrange(9)}=1\nfi\n'
    if kind == 1:
        return f'f{rng.randrange(99)}x() {{\n{inner}}}\n'
    if kind == 2:
        return f'fn{rng.randrange(3)}() {{\n{inner}}}\nfn{rng.randrange(3)} a b\n'
    if kind == 3:
        return f'for w in one two; do\n{inner}done\n'
    if kind == 4:
        return f'if grep -q foo /etc/passwd; then\n{inner}fi\n'
    if kind == 5:
        return f'case $TERM in\n  xterm*)\n{inner}  ;;\n  *)\n    export TERMX=other\n  ;;\nesac\n'
    return f'{{\n{inner}}} 2>/dev/null\n'


def body(rng, pool):
    out = []
    for _ in range(rng.randint(1, 5)):
        out.append(nested(rng, pool) if rng.random() < 0.25 else rng.choice(pool))
    if rng.random() < 0.03:
        out.append(rng.choice(BROKEN))
        out.append('export AFTER_BROKEN=1\n')
    return "".join(out)


def make_set(rng):
    files = {"/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n", "/root": None, "/opt": None, "/tmp": None, "/etc/hostname": "box\n"}
    sh, bash, zsh = ANY, ANY + BASH_ONLY * 2, ANY + ZSH_ONLY * 2
    distribution = rng.choice(["debian", "debian", "fedora", "arch", "alpine", "macos", "none", "random"])
    profile = {"debian": ETC_PROFILE_DEBIAN, "fedora": ETC_PROFILE_FEDORA, "arch": ETC_PROFILE_ARCH, "alpine": ETC_PROFILE_ALPINE, "macos": ETC_PROFILE_MACOS}.get(distribution)
    if distribution == "random":
        profile = body(rng, sh)
    if profile:
        files["/etc/profile"] = profile
    if distribution != "none":
        for i in range(rng.randrange(3)):
            files[f"/etc/profile.d/{rng.choice('abc')}{i}.sh"] = body(rng, sh)
    if distribution in ("debian", "arch") or rng.random() < 0.3:
        files["/etc/bash.bashrc"] = ETC_BASHRC_DEBIAN if rng.random() < 0.7 else body(rng, bash)
    if distribution == "fedora":
        files["/etc/bashrc"] = body(rng, bash)
    if distribution == "debian":
        files["/etc/zsh/zshenv"] = ZSHENV_DEBIAN
    elif distribution == "arch":
        files["/etc/zsh/zprofile"] = ZPROFILE_ARCH
    elif distribution == "macos":
        files["/etc/zsh/zprofile"] = ZPROFILE_MACOS
    elif rng.random() < 0.3:
        for name in ["zshenv", "zprofile", "zshrc", "zlogin"]:
            if rng.random() < 0.4:
                files["/etc/zsh/" + name] = body(rng, zsh)
    for name, choices in [
        (".profile", [PROFILE_DEBIAN, PROFILE_DEBIAN + body(rng, sh), PROFILE_ROOT, body(rng, sh)]),
        (".bash_profile", [BASH_PROFILE, BASH_PROFILE + body(rng, bash), body(rng, bash)]),
        (".bash_login", [body(rng, bash)]),
        (".bashrc", [BASHRC_DEBIAN, BASHRC_DEBIAN + body(rng, bash), BASHRC_DEBIAN + body(rng, bash), BASHRC_FEDORA, body(rng, bash)]),
        (".zshenv", [body(rng, zsh), '. "$HOME/.cargo/env"\n']),
        (".zprofile", [body(rng, zsh), BREW]),
        (".zshrc", [ZSHRC_OMZ, ZSHRC_OMZ + body(rng, zsh), body(rng, zsh), body(rng, zsh)]),
        (".zlogin", [body(rng, zsh)]),
    ]:
        chance = {".bash_login": 0.15, ".zlogin": 0.2, ".bash_profile": 0.4}.get(name, 0.75)
        if rng.random() < chance:
            files["/root/" + name] = rng.choice(choices)
    texts = "".join(t for t in files.values() if isinstance(t, str))
    if "oh-my-zsh" in texts:
        files["/root/.oh-my-zsh/oh-my-zsh.sh"] = OMZ
        files["/root/.oh-my-zsh/lib/a.zsh"] = body(rng, zsh)
        files["/root/.oh-my-zsh/plugins/golang/golang.plugin.zsh"] = "alias gob='go build'\n" + body(rng, zsh)
    for path, text in [
        ("/root/.cargo/env", CARGO_ENV),
        ("/root/.sdkman/bin/sdkman-init.sh", SDKMAN_INIT),
        ("/root/.asdf/asdf.sh", ASDF_SH),
        ("/root/.gvm/scripts/gvm", GVM_SCRIPT),
        ("/root/.g/env", G_ENV_FILE),
        ("/root/.nvm/nvm.sh", "nvm() { echo nvm; }\nexport NVM_BIN=$NVM_DIR/versions/node/v20/bin\nPATH=$NVM_BIN:$PATH\n"),
        ("/root/.localrc", body(rng, sh)),
        ("/root/.bash_aliases", "alias gs='git status'\n" + body(rng, bash)),
        ("/root/.zsh/extra.zsh", body(rng, zsh)),
        ("/root/.secrets", "export TOKEN=abc\n"),
        ("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n'),
        ("/root/.ssh/environment", "SSH_AUTH_SOCK=/tmp/a; export SSH_AUTH_SOCK;\nSSH_AGENT_PID=12; export SSH_AGENT_PID;\n"),
    ]:
        if rng.random() < 0.6:
            files[path] = text
    for folder in ["/opt/tools/bin", "/opt/a/bin", "/opt/x/bin", "/root/bin", "/root/.local/bin", "/root/go/bin", "/root/.sdkman/candidates/java/current"]:
        if rng.random() < 0.5:
            files[folder] = None
    for path, text in EXECS.items():
        if rng.random() < 0.4 and not (path.startswith("/root/.pyenv") and rng.random() < 0.5):
            files[path] = {"exec": text}
    if rng.random() < 0.2:
        files["/root/.config/zsh/.zshrc"] = body(rng, zsh)
        files["/root/.config/zsh/.zprofile"] = body(rng, zsh)
    env = {"HOME": "/root"}
    if rng.random() < 0.85:
        env["PATH"] = rng.choice(["/usr/local/bin:/usr/bin:/bin", "/usr/bin", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "/bin:/usr/bin", "/usr/bin:/usr/games:/opt/x/bin"])
    for name, value in [("USER", "root"), ("LOGNAME", "root"), ("TERM", "xterm-256color"), ("SHELL", "/bin/bash"), ("SHLVL", "1"), ("LANG", "C.UTF-8"), ("GOPATH", "/srv/go"), ("PWD", "/root"), ("BASH_ENV", "$HOME/.localrc"), ("ENV", "$HOME/.localrc"), ("XDG_CONFIG_HOME", "/root/.config"), ("OLDPWD", "/opt")]:
        if rng.random() < {"BASH_ENV": 0.3, "ENV": 0.4, "GOPATH": 0.3}.get(name, 0.5):
            env[name] = value
    return distribution, files, env
