"""Who asks, and what is new, in one round trip each inside the authority that is named.

Every request of staff and devices begins with the one question, every turn of another process with
the other. As transactions of their own they took three round trips; one statement cannot do it,
since nothing says that its setting is made before its rows are compared with it.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

# The functions run with the rights of whoever calls them: the policies of the tables hold inside as
# outside. `set queue.authority` makes PostgreSQL put the setting back as it was when the function
# ends, also inside a transaction of another authority.
FUNCTION = """
create function {name}(authority integer, {asked}) returns {told}
language plpgsql volatile security invoker set queue.authority = '' as $$
begin
    perform set_config('queue.authority', $1::text, true);
    return query {question};
end $$
"""

FUNCTIONS: tuple[str, ...] = (
    FUNCTION.format(
        name="holder_of_session",
        asked="hash bytea, now timestamptz",
        told="table (id integer, office integer, login text, roles text[])",
        question=(
            "select f.id, f.office, f.login, f.roles"
            " from session s join staff f on f.id = s.staff"
            " where s.hash = $2 and s.until > $3 and f.active"
        ),
    ),
    FUNCTION.format(
        name="device_of_number",
        asked="number integer",
        told=(
            "table (id integer, office integer, key text, role text, generation integer,"
            " revoked boolean)"
        ),
        question=(
            "select d.id, d.office, d.key, d.role, d.generation, d.revoked"
            " from device d where d.id = $2"
        ),
    ),
    FUNCTION.format(
        name="journal_after",
        asked="office integer, after bigint, most integer",
        told="setof journal",
        question=(
            "select * from journal j where j.office = $2 and j.seq > $3 order by j.seq limit $4"
        ),
    ),
)


def upgrade() -> None:
    """Create the functions; the application may call them as anybody may."""
    for function in FUNCTIONS:
        op.execute(function)
