# A PostgreSQL of one's own: for tests/run and tests/bench/run, which source this after they have set `program`, the
# name that messages begin with.
#
# start_postgres         makes a server that is gone when the script ends
# start_postgres FOLDER  keeps its data in FOLDER, and goes on with what is there
#
# Afterwards $ETALON_TEST_POSTGRES is its URL and $postgres_bin the folder of its programs. PostgreSQL is installed from
# Debian's packages where it is missing and the system allows it.

say() { printf '%s: %s\n' "$program" "$*" >&2; }
fail() { say "$*"; exit 1; }

# Fails where there is no apt-get or no right to use it.
apt_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "installing $1"
    apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >&2
}

find_postgres() {
    local initdb
    for initdb in /usr/lib/postgresql/*/bin/initdb "$(command -v initdb || true)"; do
        # A link in PATH is followed: the server's other programs stand beside what it points to.
        if [ -x "$initdb" ]; then dirname "$(readlink -f "$initdb")"; return; fi
    done
}

install_postgres() {
    # The package would make a cluster and start it as a service; neither is wanted.
    if [ "$(id -u)" = 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        mkdir -p /etc/postgresql-common
        printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
    fi
    apt_install postgresql ||
        fail "PostgreSQL is missing (no initdb in PATH nor under /usr/lib/postgresql) and could not be installed"
}

# In its own folder: the server's owner may not even look into this one.
postgres() (cd "$home" && exec "${as_owner[@]}" env -i PATH="$PATH" LC_ALL=C.UTF-8 HOME="$home" "$postgres_bin/$@")

clean_up() {
    local code=$?
    trap - EXIT
    if [ -f "$data/postmaster.pid" ]; then
        # What is kept is written out; what is thrown away need not be.
        local mode=immediate
        if [ "$data" != "$home/data" ]; then mode=fast; fi
        postgres pg_ctl stop --silent -D "$data" -m "$mode" >/dev/null 2>&1 || say "PostgreSQL in $data did not stop"
    fi
    rm -rf "$home"
    exit "$code"
}

start_postgres() {
    postgres_bin=$(find_postgres)
    if [ -z "$postgres_bin" ]; then
        install_postgres
        postgres_bin=$(find_postgres)
        [ -n "$postgres_bin" ] || fail "PostgreSQL was installed, and there is still no initdb"
    fi

    # Short, since a socket's path has at most 107 bytes.
    home=$(mktemp -d /tmp/etalon-pg.XXXXXX)
    data=$home/data
    if [ $# -gt 0 ]; then
        mkdir -p "$1"
        data=$(cd "$1" && pwd)
    fi

    # PostgreSQL does not run as root.
    as_owner=()
    if [ "$(id -u)" = 0 ]; then
        local owner=nobody
        if id postgres >/dev/null 2>&1; then owner=postgres; fi
        chown "$owner:" "$home"
        if [ "$data" != "$home/data" ]; then chown "$owner:" "$data"; fi
        as_owner=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --clear-groups)
    fi
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM

    if [ ! -f "$data/PG_VERSION" ]; then
        postgres initdb -D "$data" --username=etalon --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
            >"$home/initdb.log" 2>&1 || { cat "$home/initdb.log" >&2; fail "initdb failed"; }
    fi
    # fsync and synchronous_commit stay on: what is said about durability must be true of a real server.
    cat >"$data/postgresql.auto.conf" <<CONFIGURATION
listen_addresses = ''
unix_socket_directories = '$home'
max_connections = 200
${postgres_settings:-}
CONFIGURATION
    postgres pg_ctl start --silent --wait --timeout=60 -D "$data" -l server.log >/dev/null 2>&1 ||
        { tail -n 20 "$home/server.log" >&2; fail "PostgreSQL did not start"; }
    export ETALON_TEST_POSTGRES="postgres:///postgres?host=$home&user=etalon"
    # A backup runs its pg_dump.
    export PATH=$postgres_bin:$PATH
}
