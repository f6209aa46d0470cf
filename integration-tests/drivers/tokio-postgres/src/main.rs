// SPDX-License-Identifier: Apache-2.0
//! What an application sees through tokio-postgres, one line for each thing it looked at; the form of the lines is told in ../../README.md.

use bytes::{Bytes, BytesMut};
use futures_util::future::{join_all, try_join_all, BoxFuture};
use futures_util::{pin_mut, SinkExt, StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use std::env;
use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver};
use tokio::time::{sleep, timeout};
use tokio_postgres::binary_copy::{BinaryCopyInWriter, BinaryCopyOutStream};
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::types::{to_sql_checked, FromSql, IsNull, ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, IsolationLevel, NoTls, SimpleQueryMessage};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;
type Check = (&'static str, fn(Seen) -> BoxFuture<'static, Outcome>);

const MEGABYTE: usize = 1 << 20;
const LIMIT: Duration = Duration::from_secs(30);

/// Prints what one check sees.
#[derive(Clone, Copy)]
struct Seen(&'static str);

fn short(text: &str) -> String {
    if text.len() > 400 {
        let hash = Sha256::digest(text.as_bytes());
        return format!("{}:{}", text.len(), hex(&hash[..8]));
    }
    text.replace('\n', "\\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Seen {
    fn ok(&self, value: impl Debug) {
        println!("ok {} {}", self.0, short(&format!("{value:?}")));
    }

    fn error(&self, error: &tokio_postgres::Error) {
        let Some(fields) = error.as_db_error() else {
            println!("error {} {}", self.0, short(&error.to_string()));
            return;
        };
        let mut line = format!(
            "error {} {} {} {}",
            self.0,
            fields.code().code(),
            fields.severity(),
            short(fields.message())
        );
        let mut show = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                line += &format!(" {name}={}", short(&format!("{value:?}")));
            }
        };
        show("detail", fields.detail());
        show("hint", fields.hint());
        show("where", fields.where_());
        show("schema", fields.schema());
        show("table", fields.table());
        show("column", fields.column());
        show("datatype", fields.datatype());
        show("constraint", fields.constraint());
        let position = fields.position().map(|position| match position {
            ErrorPosition::Original(at) => at.to_string(),
            ErrorPosition::Internal { position, query } => format!("{position} in {query}"),
        });
        show("position", position.as_deref());
        // Errors of the router's own have no place in PostgreSQL's source.
        if self.0 == "errors" {
            show("file", fields.file());
            show("routine", fields.routine());
            show("line", fields.line().map(|at| at.to_string()).as_deref());
        }
        println!("{line}");
    }

    /// Shows how that failed which must fail.
    fn fails<T: Debug>(&self, result: Result<T, tokio_postgres::Error>) {
        match result {
            Ok(value) => self.ok(("no error", value)),
            Err(error) => self.error(&error),
        }
    }
}

/// A value of any type as it comes over the wire in binary format.
#[derive(Debug, Clone, PartialEq)]
struct Raw(Option<Vec<u8>>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            None => Ok(IsNull::Yes),
            Some(raw) => {
                out.extend_from_slice(raw);
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn configuration() -> Config {
    let mut config = Config::new();
    config
        .host(variable("PGHOST"))
        .port(variable("PGPORT").parse().expect("PGPORT"))
        .user(variable("PGUSER"))
        .password(variable("PGPASSWORD"))
        .dbname(variable("PGDATABASE"))
        .connect_timeout(Duration::from_secs(20));
    config
}

/// Opens a connection, and returns with it what the server says on its own account.
async fn connect_by(config: &Config) -> Result<(Client, UnboundedReceiver<AsyncMessage>), tokio_postgres::Error> {
    let (client, mut connection) = config.connect(NoTls).await?;
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        let messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
        pin_mut!(messages);
        while let Some(Ok(message)) = messages.next().await {
            // Nobody may be listening.
            let _ = sender.send(message);
        }
    });
    Ok((client, receiver))
}

async fn connect() -> Result<Client, tokio_postgres::Error> {
    Ok(connect_by(&configuration()).await?.0)
}

async fn text(client: &Client, sql: &str) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
    let mut rows = Vec::new();
    for message in client.simple_query(sql).await? {
        if let SimpleQueryMessage::Row(row) = message {
            rows.push((0..row.len()).map(|i| row.get(i).map(String::from)).collect());
        }
    }
    Ok(rows)
}

// ---- login ------------------------------------------------------------------------------------------------------

async fn login(seen: Seen) -> Outcome {
    let mut config = configuration();
    config
        .application_name("first name")
        .options("-c search_path=suite -c work_mem=3MB");
    let (client, _messages) = connect_by(&config).await?;
    for name in ["application_name", "search_path", "work_mem", "client_encoding", "server_version"] {
        seen.ok((name, client.query_one(&format!("show {name}"), &[]).await?.get::<_, String>(0)));
    }
    config.password("not it");
    seen.fails(connect_by(&config).await.map(|_| ()));
    Ok(())
}

// ---- prepared statements ----------------------------------------------------------------------------------------

async fn prepared(seen: Seen) -> Outcome {
    let mut client = connect().await?;
    let plus = client.prepare("select $1::int4 + 1 as plus, $2::text as word").await?;
    seen.ok((
        plus.params(),
        plus.columns()
            .iter()
            .map(|column| (column.name(), column.type_().name()))
            .collect::<Vec<_>>(),
    ));
    let same = client.prepare("select $1::int4 + 1 as plus, $2::text as word").await?;
    for i in 0..5i32 {
        let one = client.query_one(&plus, &[&i, &"w"]).await?;
        let two = client.query_one(&same, &[&i, &None::<&str>]).await?;
        seen.ok((one.get::<_, i32>(0), one.get::<_, &str>(1), two.get::<_, Option<&str>>(1)));
    }
    drop(same);
    let transaction = client.transaction().await?;
    seen.ok(transaction.query_one(&plus, &[&10, &"in"]).await?.get::<_, i32>(0));
    transaction.rollback().await?;
    seen.ok(client.query_one(&plus, &[&11, &"out"]).await?.get::<_, i32>(0));
    seen.fails(client.prepare("select nothing from suite.words").await.map(|_| ()));
    client.batch_execute("deallocate all").await?;
    seen.fails(client.query_one(&plus, &[&12, &"gone"]).await.map(|_| ()));
    let again = client.prepare("select $1::int4 + 1 as plus, $2::text as word").await?;
    seen.ok(client.query_one(&again, &[&13, &"again"]).await?.get::<_, i32>(0));
    Ok(())
}

async fn prepared_many(seen: Seen) -> Outcome {
    let client = connect().await?;
    let mut statements = Vec::new();
    for i in 0..150 {
        statements.push(client.prepare(&format!("select $1::int4 + {i}")).await?);
    }
    let mut total = 0i64;
    for (turn, statement) in statements.iter().chain(statements.iter().rev()).enumerate() {
        total += i64::from(client.query_one(statement, &[&(turn as i32)]).await?.get::<_, i32>(0));
    }
    seen.ok(total);
    Ok(())
}

async fn prepared_before_the_table_changed(seen: Seen) -> Outcome {
    let client = connect().await?;
    client
        .batch_execute(
            "drop table if exists suite.changing_r; create table suite.changing_r (a int); insert into suite.changing_r values (1)",
        )
        .await?;
    let statement = client.prepare("select * from suite.changing_r").await?;
    seen.ok(client.query_one(&statement, &[]).await?.len());
    client
        .batch_execute("alter table suite.changing_r add b text default 'new'")
        .await?;
    seen.fails(client.query_one(&statement, &[]).await.map(|row| row.len()));
    let again = client.prepare("select * from suite.changing_r").await?;
    seen.ok(client.query_one(&again, &[]).await?.len());
    Ok(())
}

// ---- pipelines --------------------------------------------------------------------------------------------------

async fn pipeline(seen: Seen) -> Outcome {
    let client = connect().await?;
    let statement = client.prepare("select 100 / $1::int4, repeat('p', 2000)").await?;
    let numbers: Vec<i32> = (-20..20).collect();
    let outcomes = join_all(numbers.iter().map(|number| {
        let (client, statement) = (&client, &statement);
        async move { client.query_one(statement, &[number]).await }
    }))
    .await;
    seen.ok(outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(row) => row.get::<_, i32>(0).to_string(),
            Err(error) => error.code().map_or("?", |code| code.code()).to_string(),
        })
        .collect::<Vec<_>>());
    let prepared = try_join_all((0..30).map(|i| {
        let client = &client;
        async move { client.prepare(&format!("select {i} + $1::int4")).await }
    }))
    .await?;
    seen.ok(prepared.len());
    Ok(())
}

async fn several_statements_in_one_query(seen: Seen) -> Outcome {
    let client = connect().await?;
    for message in client
        .simple_query("select 1 as a; update suite.words set word = word where false; select 'two', null; ;")
        .await?
    {
        match message {
            SimpleQueryMessage::RowDescription(columns) => seen.ok(columns.iter().map(|column| column.name()).collect::<Vec<_>>()),
            SimpleQueryMessage::Row(row) => seen.ok((0..row.len()).map(|i| row.get(i)).collect::<Vec<_>>()),
            SimpleQueryMessage::CommandComplete(count) => seen.ok(count),
            _ => seen.ok("other"),
        }
    }
    seen.fails(client.batch_execute("create table suite.never (a int); select 1 / 0").await);
    seen.ok(text(&client, "select to_regclass('suite.never')").await?);
    Ok(())
}

// ---- copy -------------------------------------------------------------------------------------------------------

async fn copy_as_text(seen: Seen) -> Outcome {
    let client = connect().await?;
    client.batch_execute("truncate suite.words").await?;
    let sink = client.copy_in::<_, Bytes>("copy suite.words (id, word) from stdin").await?;
    pin_mut!(sink);
    for part in 0..80 {
        let lines: String = (0..100).map(|i| format!("{}\t{}\n", part * 100 + i, "r".repeat(1000))).collect();
        sink.send(Bytes::from(lines)).await?;
    }
    seen.ok(sink.finish().await?);
    let out: BytesMut = client
        .copy_out("copy (select * from suite.words order by id) to stdout")
        .await?
        .try_concat_bytes()
        .await?;
    seen.ok((out.len(), hex(&Sha256::digest(&out)[..8])));
    Ok(())
}

trait ConcatBytes {
    async fn try_concat_bytes(self) -> Result<BytesMut, tokio_postgres::Error>;
}

impl ConcatBytes for tokio_postgres::CopyOutStream {
    async fn try_concat_bytes(self) -> Result<BytesMut, tokio_postgres::Error> {
        self.try_fold(BytesMut::new(), |mut all, part| async move {
            all.extend_from_slice(&part);
            Ok(all)
        })
        .await
    }
}

async fn copy_as_binary(seen: Seen) -> Outcome {
    let client = connect().await?;
    client.batch_execute("truncate suite.words").await?;
    let types = [Type::INT4, Type::TEXT];
    let sink = client.copy_in("copy suite.words (id, word) from stdin (format binary)").await?;
    let writer = BinaryCopyInWriter::new(sink, &types);
    pin_mut!(writer);
    for i in 0..5000i32 {
        let word = (i % 9 != 0).then(|| format!("binary \u{e9} {i}"));
        writer.as_mut().write(&[&i, &word]).await?;
    }
    seen.ok(writer.finish().await?);
    let rows = BinaryCopyOutStream::new(
        client
            .copy_out("copy (select id, word from suite.words order by id) to stdout (format binary)")
            .await?,
        &types,
    );
    let rows: Vec<(i32, Option<String>)> = rows.map_ok(|row| (row.get(0), row.get(1))).try_collect().await?;
    seen.ok(rows);
    Ok(())
}

async fn copy_that_fails(seen: Seen) -> Outcome {
    let client = connect().await?;
    client.batch_execute("truncate suite.words").await?;
    let sink = client.copy_in::<_, Bytes>("copy suite.words (id, word) from stdin").await?;
    pin_mut!(sink);
    sink.send(Bytes::from("1\tgood\nbad\n")).await?;
    seen.fails(sink.finish().await);
    {
        // Given up by the client.
        let sink = client.copy_in::<_, Bytes>("copy suite.words (id, word) from stdin").await?;
        pin_mut!(sink);
        sink.send(Bytes::from("1\tgood\n")).await?;
        sink.flush().await?;
    }
    seen.fails(
        client
            .copy_out("copy (select 1 / (i - 5000) from generate_series(1, 10000) i) to stdout")
            .await?
            .try_concat_bytes()
            .await,
    );
    seen.fails(client.copy_out("copy suite.nowhere to stdout").await.map(|_| ()));
    seen.ok(text(&client, "select count(*) from suite.words").await?);
    Ok(())
}

// ---- cancel -----------------------------------------------------------------------------------------------------

async fn cancel(seen: Seen) -> Outcome {
    let mut client = connect().await?;
    for _ in 0..2 {
        let token = client.cancel_token();
        let (slept, cancelled) = tokio::join!(client.query("select pg_sleep($1)", &[&60f64]), async {
            sleep(Duration::from_millis(400)).await;
            token.cancel_query(NoTls).await
        });
        seen.fails(slept.map(|_| ()));
        cancelled?;
        seen.ok(text(&client, "select 'goes on'").await?);
    }
    let token = client.cancel_token();
    let transaction = client.transaction().await?;
    let (slept, cancelled) = tokio::join!(transaction.batch_execute("select pg_sleep(60)"), async {
        sleep(Duration::from_millis(400)).await;
        token.cancel_query(NoTls).await
    });
    seen.fails(slept);
    cancelled?;
    seen.fails(transaction.batch_execute("select 1").await);
    transaction.rollback().await?;
    seen.ok(text(&client, "select 'goes on'").await?);
    Ok(())
}

// ---- notifications ----------------------------------------------------------------------------------------------

async fn payloads(messages: &mut UnboundedReceiver<AsyncMessage>, count: usize) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
    let mut got = Vec::new();
    while got.len() < count {
        match timeout(LIMIT, messages.recv()).await? {
            Some(AsyncMessage::Notification(one)) => got.push(format!("{} {}", one.channel(), one.payload())),
            Some(_) => {}
            None => break,
        }
    }
    Ok(got)
}

async fn notifications_of_its_own(seen: Seen) -> Outcome {
    let (mut client, mut messages) = connect_by(&configuration()).await?;
    client.batch_execute("listen suite_rust; notify suite_rust, 'first'").await?;
    let transaction = client.transaction().await?;
    transaction.query("select pg_notify('suite_rust', $1)", &[&"second"]).await?;
    transaction.commit().await?;
    seen.ok(payloads(&mut messages, 2).await?);
    client.batch_execute("unlisten *; notify suite_rust, 'unheard'").await?;
    client.batch_execute("do $$ begin raise notice 'a notice'; end $$").await?;
    match timeout(LIMIT, messages.recv()).await? {
        Some(AsyncMessage::Notice(notice)) => seen.ok((notice.severity(), notice.code().code(), notice.message())),
        _ => seen.ok("something else"),
    }
    Ok(())
}

async fn concurrent_notifications(seen: Seen) -> Outcome {
    let (first, mut to_first) = connect_by(&configuration()).await?;
    let (second, mut to_second) = connect_by(&configuration()).await?;
    let sender = connect().await?;
    first.batch_execute("listen suite_rust_many").await?;
    second.batch_execute("listen suite_rust_many").await?;
    for i in 0..10 {
        sender.batch_execute(&format!("notify suite_rust_many, '{i}'")).await?;
    }
    seen.ok(payloads(&mut to_first, 10).await?);
    seen.ok(payloads(&mut to_second, 10).await?);
    Ok(())
}

// ---- cursors ----------------------------------------------------------------------------------------------------

async fn portals(seen: Seen) -> Outcome {
    let mut client = connect().await?;
    let transaction = client.transaction().await?;
    let statement = transaction.prepare("select i from generate_series(1, $1::int4) i").await?;
    let one = transaction.bind(&statement, &[&50]).await?;
    let other = transaction.bind(&statement, &[&7]).await?;
    for rows in [3, 20, 0] {
        let part = transaction.query_portal(&one, rows).await?;
        seen.ok(part.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>());
        let part = transaction.query_portal(&other, rows).await?;
        seen.ok(part.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>());
    }
    transaction.commit().await?;
    client
        .batch_execute("declare suite_rust cursor with hold for select generate_series(1, 20)")
        .await?;
    seen.ok(text(&client, "fetch 12 from suite_rust").await?);
    seen.ok(text(&client, "fetch 12 from suite_rust").await?);
    client.batch_execute("close suite_rust").await?;
    seen.fails(client.batch_execute("fetch 1 from suite_rust").await);
    Ok(())
}

async fn rows_streamed(seen: Seen) -> Outcome {
    let client = connect().await?;
    let rows = client
        .query_raw("select i, repeat('s', 300) from generate_series(1, 20000) i", Vec::<i32>::new())
        .await?;
    pin_mut!(rows);
    let mut total = 0i64;
    while let Some(row) = rows.try_next().await? {
        total += i64::from(row.get::<_, i32>(0));
    }
    seen.ok((total, rows.rows_affected()));
    Ok(())
}

// ---- large values -----------------------------------------------------------------------------------------------

async fn large_values(seen: Seen) -> Outcome {
    let client = connect().await?;
    let pattern = Sha256::digest(b"rust");
    for megabytes in [1, 5] {
        let content = pattern.as_slice().repeat(megabytes * MEGABYTE / 32);
        let row = client.query_one("select $1::bytea, md5($1)", &[&content]).await?;
        seen.ok((megabytes, row.get::<_, &[u8]>(0) == content, row.get::<_, &str>(1)));
    }
    client.batch_execute(&format!("select '{}'", "q".repeat(2 * MEGABYTE))).await?;
    let rows = client.query("select md5(i::text) from generate_series(1, 50000) i", &[]).await?;
    seen.ok(rows.iter().map(|row| row.get::<_, &str>(0)).collect::<String>());
    Ok(())
}

async fn large_query_text_prepared(seen: Seen) -> Outcome {
    let client = connect().await?;
    let row = client
        .query_one(&format!("select length('{}')", "q".repeat(2 * MEGABYTE)), &[])
        .await?;
    seen.ok(row.get::<_, i32>(0));
    Ok(())
}

// ---- transactions -----------------------------------------------------------------------------------------------

async fn transactions(seen: Seen) -> Outcome {
    let mut client = connect().await?;
    client.batch_execute("truncate suite.words").await?;
    let insert = client.prepare("insert into suite.words (id, word) values ($1, 'kept')").await?;
    let mut transaction = client.transaction().await?;
    seen.ok(transaction.execute(&insert, &[&1]).await?);
    let inner = transaction.savepoint("one").await?;
    seen.fails(inner.execute(&insert, &[&1]).await);
    seen.fails(inner.execute(&insert, &[&2]).await);
    inner.rollback().await?;
    let inner = transaction.transaction().await?;
    inner.execute(&insert, &[&3]).await?;
    inner.commit().await?;
    transaction.commit().await?;
    {
        // Rolled back when dropped.
        let transaction = client.transaction().await?;
        transaction.execute(&insert, &[&4]).await?;
    }
    seen.ok(text(&client, "select id from suite.words order by id").await?);
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::Serializable)
        .read_only(true)
        .deferrable(true)
        .start()
        .await?;
    seen.ok(transaction.query_one("show transaction_isolation", &[]).await?.get::<_, String>(0));
    seen.fails(transaction.execute(&insert, &[&5]).await);
    seen.ok(transaction.commit().await.is_ok());
    seen.ok(text(&client, "select count(*) from suite.words").await?);
    Ok(())
}

// ---- settings ---------------------------------------------------------------------------------------------------

async fn settings(seen: Seen) -> Outcome {
    let mut client = connect().await?;
    client
        .batch_execute("set timezone = 'Asia/Tokyo'; set search_path = suite; select set_config('application_name', 'second name', false)")
        .await?;
    for name in ["timezone", "search_path", "application_name"] {
        seen.ok((name, client.query_one(&format!("show {name}"), &[]).await?.get::<_, String>(0)));
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local work_mem = '7MB'").await?;
    seen.ok(transaction.query_one("show work_mem", &[]).await?.get::<_, String>(0));
    transaction.commit().await?;
    seen.ok(text(&client, "select current_setting('work_mem') = '7MB'").await?);
    client
        .batch_execute("create temporary table suite_temporary (a int); insert into suite_temporary values (4)")
        .await?;
    seen.ok(client.query_one("select a from suite_temporary", &[]).await?.get::<_, i32>(0));
    client.batch_execute("discard all").await?;
    seen.ok(text(&client, "show search_path").await?);
    Ok(())
}

// ---- types ------------------------------------------------------------------------------------------------------

async fn types_in_both_formats(seen: Seen) -> Outcome {
    let client = connect().await?;
    for (name, literal) in [
        ("bool", "t"),
        ("int2", "-32768"),
        ("int4", "2147483647"),
        ("int8", "-9223372036854775808"),
        ("float4", "1.5"),
        ("float8", "-Infinity"),
        ("numeric", "-12345678901234567890.0123456789"),
        ("text", "snow \u{2603} \\ \u{1f600}"),
        ("varchar", ""),
        ("bytea", "\\x00ff10"),
        ("uuid", "12345678-1234-5678-1234-567812345678"),
        ("date", "1999-12-31"),
        ("timestamp", "2024-02-29 23:59:59.999999"),
        ("timestamptz", "2024-02-29 12:00:00+00"),
        ("interval", "-3 days 04:00:00.000005"),
        ("json", "{\"a\": [1, 2, null]}"),
        ("jsonb", "{\"a\": 1.5}"),
        ("int4[]", "{1,NULL,-3}"),
        ("text[]", "{\"a,b\",\"c\\\"d\",\"\",NULL}"),
        ("suite.mood", "so so"),
        ("suite.mood[]", "{sad,glad}"),
        ("int4range", "[1,5)"),
    ] {
        let there = client.query_one(&format!("select $1::text::{name}"), &[&literal]).await?;
        let raw: Raw = there.get(0);
        // Arrays of the suite's own types carry the type's number, which differs from one database to the next.
        let shown = if name == "suite.mood[]" {
            String::new()
        } else {
            hex(raw.0.as_deref().unwrap_or_default())
        };
        let back = client.query_one(&format!("select $1::{name}::text"), &[&raw]).await?;
        seen.ok((
            name,
            there.columns()[0].type_().name(),
            shown,
            back.get::<_, String>(0),
            text(&client, &format!("select '{literal}'::{name}")).await?,
        ));
    }
    let null = client
        .query_one("select $1::int4, $2::text", &[&Raw(None), &None::<String>])
        .await?;
    seen.ok((null.get::<_, Option<i32>>(0), null.get::<_, Raw>(1)));
    Ok(())
}

// ---- errors -----------------------------------------------------------------------------------------------------

async fn errors(seen: Seen) -> Outcome {
    let client = connect().await?;
    client
        .batch_execute("truncate suite.words; insert into suite.words (id, word) values (1, 'one')")
        .await?;
    for sql in [
        "selec 1",
        "select * from suite.nowhere",
        "select nothing from suite.words",
        "insert into suite.words (id, word) values (1, 'twice')",
        "insert into suite.words (id, word) values (null, 'x')",
        "insert into suite.words (id, word, kind) values (3, 'x', 0)",
        "insert into suite.children values (5)",
        "select suite.complain()",
        "fetch 1 from suite_nothing",
        "select 1 / 0",
    ] {
        seen.fails(client.query(sql, &[]).await.map(|_| ()));
        seen.fails(client.batch_execute(sql).await);
    }
    seen.fails(client.query("select ($1::text)::int4", &[&"x"]).await.map(|_| ()));
    seen.ok(text(&client, "select 'goes on'").await?);
    Ok(())
}

// ---- several connections ----------------------------------------------------------------------------------------

async fn concurrent_connections(seen: Seen) -> Outcome {
    connect().await?.batch_execute("truncate suite.words").await?;
    let clients: Vec<_> = (0..12).map(|number| tokio::spawn(one_of_many(number))).collect();
    let mut outcomes = Vec::new();
    for client in clients {
        outcomes.push(client.await??);
    }
    seen.ok(outcomes);
    seen.ok(text(&connect().await?, "select count(*), sum(id) from suite.words").await?);
    Ok(())
}

async fn one_of_many(number: i32) -> Result<String, Box<dyn Error + Send + Sync>> {
    let mut client = connect().await?;
    client.batch_execute(&format!("set suite.number = {number}")).await?;
    let insert = client.prepare("insert into suite.words (id, word) values ($1, 'c')").await?;
    for i in 0..25 {
        let transaction = client.transaction().await?;
        transaction.execute(&insert, &[&(number * 100 + i)]).await?;
        let own: String = transaction.query_one("select current_setting('suite.number')", &[]).await?.get(0);
        transaction.commit().await?;
        if own != number.to_string() {
            return Ok(format!("client {number} has the setting of {own}"));
        }
    }
    Ok("done".to_string())
}

// ---- the program ------------------------------------------------------------------------------------------------

macro_rules! checks {
    ($($name:literal => $function:ident),* $(,)?) => {
        [$(($name, (|seen| Box::pin($function(seen))) as fn(Seen) -> BoxFuture<'static, Outcome>)),*]
    };
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let checks: Vec<Check> = checks![
        "login" => login,
        "prepared" => prepared,
        "prepared-many" => prepared_many,
        "prepared-before-the-table-changed" => prepared_before_the_table_changed,
        "pipeline" => pipeline,
        "several-statements-in-one-query" => several_statements_in_one_query,
        "copy-as-text" => copy_as_text,
        "copy-as-binary" => copy_as_binary,
        "copy-that-fails" => copy_that_fails,
        "cancel" => cancel,
        "notifications-of-its-own" => notifications_of_its_own,
        "concurrent-notifications" => concurrent_notifications,
        "portals" => portals,
        "rows-streamed" => rows_streamed,
        "large-values" => large_values,
        "large-query-text-prepared" => large_query_text_prepared,
        "transactions" => transactions,
        "settings" => settings,
        "types-in-both-formats" => types_in_both_formats,
        "errors" => errors,
        "concurrent-connections" => concurrent_connections,
    ]
    .into();
    let one_at_a_time = variable("SUITE_ONE_AT_A_TIME") == "1";
    for (name, function) in checks {
        if one_at_a_time && name.starts_with("concurrent-") {
            continue;
        }
        match timeout(2 * LIMIT, function(Seen(name))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let detail = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
                println!("broken {name} {}", short(&format!("{error}{detail}")));
            }
            Err(_) => println!("broken {name} takes too long"),
        }
    }
    println!("end");
}
