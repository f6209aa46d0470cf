// SPDX-License-Identifier: Apache-2.0

// What an application sees through pgx, one line for each thing it looked at; the form of the lines is told in ../README.md.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	megabyte   = 1 << 20
	limit      = 30 * time.Second
	concurrent = "concurrent-"
)

var oneAtATime = os.Getenv("SUITE_ONE_AT_A_TIME") == "1"

// modes are pgx's ways to send a query.
var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement,
	pgx.QueryExecModeCacheDescribe,
	pgx.QueryExecModeDescribeExec,
	pgx.QueryExecModeExec,
	pgx.QueryExecModeSimpleProtocol,
}

// seen prints what one check sees.
type seen struct {
	name string
}

func short(value any) string {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case []byte:
		text = hex.EncodeToString(v)
	default:
		text = fmt.Sprintf("%v", v)
	}
	if len(text) > 400 {
		hash := sha256.Sum256([]byte(text))
		return fmt.Sprintf("%d:%s", len(text), hex.EncodeToString(hash[:8]))
	}
	return strings.ReplaceAll(text, "\n", "\\n")
}

func (s seen) ok(values ...any) {
	line := "ok " + s.name
	for _, value := range values {
		line += " " + short(value)
	}
	fmt.Println(line)
}

// fails shows an error of the server's; anything else is not what the check provokes.
func (s seen) fails(err error) {
	if err == nil {
		s.ok("no error")
		return
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		panic(err)
	}
	line := fmt.Sprintf("error %s %s %s %s", s.name, e.Code, e.SeverityUnlocalized, e.Message)
	fields := []struct{ name, value string }{
		{"detail", e.Detail}, {"hint", e.Hint}, {"where", e.Where}, {"internalQuery", e.InternalQuery}, {"schema", e.SchemaName},
		{"table", e.TableName}, {"column", e.ColumnName}, {"dataType", e.DataTypeName}, {"constraint", e.ConstraintName},
		{"position", fmt.Sprint(e.Position)}, {"internalPosition", fmt.Sprint(e.InternalPosition)},
	}
	// Errors of the router's own have no place in PostgreSQL's source.
	if s.name == "errors" {
		fields = append(fields, struct{ name, value string }{"source", fmt.Sprintf("%s:%d:%s", e.File, e.Line, e.Routine)})
	}
	for _, field := range fields {
		if field.value != "" && field.value != "0" {
			line += fmt.Sprintf(" %s=%q", field.name, field.value)
		}
	}
	fmt.Println(line)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// connected runs the body with a connection of its own.
func connected(change func(*pgx.ConnConfig), body func(context.Context, *pgx.Conn)) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	config, err := pgx.ParseConfig("sslmode=prefer")
	must(err)
	config.ConnectTimeout = limit
	if change != nil {
		change(config)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	must(err)
	defer conn.Close(ctx)
	body(ctx, conn)
}

func exec(ctx context.Context, conn *pgx.Conn, sql string, arguments ...any) string {
	tag, err := conn.Exec(ctx, sql, arguments...)
	must(err)
	return tag.String()
}

func fail(ctx context.Context, conn *pgx.Conn, sql string, arguments ...any) error {
	_, err := conn.Exec(ctx, sql, arguments...)
	return err
}

func value[T any](ctx context.Context, conn *pgx.Conn, sql string, arguments ...any) T {
	rows, err := conn.Query(ctx, sql, arguments...)
	must(err)
	result, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	must(err)
	return result
}

func column[T any](ctx context.Context, conn *pgx.Conn, sql string, arguments ...any) []T {
	rows, err := conn.Query(ctx, sql, arguments...)
	must(err)
	result, err := pgx.CollectRows(rows, pgx.RowTo[T])
	must(err)
	return result
}

// ---- login ------------------------------------------------------------------------------------------------------

func login(s seen) {
	change := func(c *pgx.ConnConfig) {
		c.RuntimeParams["application_name"] = "first name"
		c.RuntimeParams["search_path"] = "suite"
		c.RuntimeParams["work_mem"] = "3MB"
	}
	connected(change, func(ctx context.Context, conn *pgx.Conn) {
		for _, name := range []string{"server_version", "client_encoding", "DateStyle", "TimeZone", "application_name", "integer_datetimes"} {
			s.ok(name, conn.PgConn().ParameterStatus(name))
		}
		for _, name := range []string{"application_name", "search_path", "work_mem"} {
			s.ok(name, value[string](ctx, conn, "show "+name))
		}
		s.ok(conn.Ping(ctx), string(conn.PgConn().TxStatus()))
	})
}

func loginRefused(s seen) {
	config, err := pgx.ParseConfig("sslmode=disable password='not it'")
	must(err)
	_, err = pgx.ConnectConfig(context.Background(), config)
	s.fails(err)
}

// ---- prepared statements ----------------------------------------------------------------------------------------

func everyMode(s seen) {
	for _, mode := range modes {
		connected(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode }, func(ctx context.Context, conn *pgx.Conn) {
			exec(ctx, conn, "truncate suite.words")
			total := 0
			for i := 0; i < 30; i++ {
				s := exec(ctx, conn, "insert into suite.words (id, word) values ($1, $2)", i, fmt.Sprintf("mode's %d", i))
				total += len(s) + int(value[int32](ctx, conn, "select $1::int4 + 1", i))
			}
			s.ok(mode, total, column[string](ctx, conn, "select word from suite.words where id < $1 order by id", 3))
			s.fails(fail(ctx, conn, "insert into suite.words (id) values ($1)", 5))
			s.ok(value[int64](ctx, conn, "select count(*) from suite.words"))
		})
	}
}

func preparedMany(s seen) {
	connected(func(c *pgx.ConnConfig) { c.StatementCacheCapacity = 30; c.DescriptionCacheCapacity = 30 }, func(ctx context.Context, conn *pgx.Conn) {
		for turn := 0; turn < 2; turn++ {
			total := 0
			for i := 0; i < 120; i++ {
				total += int(value[int32](ctx, conn, fmt.Sprintf("select $1::int4 + %d", i), turn))
			}
			s.ok(turn, total)
		}
	})
}

func preparedUnderNames(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		for _, name := range []string{"one", "two \u00e9"} {
			statement, err := conn.Prepare(ctx, name, "select $1::int4 * 2 as doubled, $2::text as word")
			must(err)
			fields := []string{}
			for _, field := range statement.Fields {
				fields = append(fields, fmt.Sprintf("%s %d", field.Name, field.DataTypeOID))
			}
			s.ok(statement.ParamOIDs, fields)
		}
		for i := 0; i < 4; i++ {
			var doubled int
			var word string
			must(conn.QueryRow(ctx, "one", i, "w").Scan(&doubled, &word))
			must(conn.QueryRow(ctx, "two \u00e9", i, "w").Scan(&doubled, &word))
			s.ok(doubled, word)
		}
		must(conn.Deallocate(ctx, "one"))
		reader := conn.PgConn().ExecPrepared(ctx, "one", [][]byte{[]byte("1"), []byte("w")}, nil, nil).Read()
		s.fails(reader.Err)
		_, err := conn.Prepare(ctx, "one", "select 'again'")
		must(err)
		s.ok(value[string](ctx, conn, "one"))
		must(conn.DeallocateAll(ctx))
		s.ok(value[int32](ctx, conn, "select $1::int4", 9))
		exec(ctx, conn, "deallocate all")
		s.fails(fail(ctx, conn, "select $1::int4", 9))
		s.ok(value[int32](ctx, conn, "select $1::int4", 10))
	})
}

func preparedBeforeTheTableChanged(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "drop table if exists suite.changing_g")
		exec(ctx, conn, "create table suite.changing_g (a int)")
		exec(ctx, conn, "insert into suite.changing_g values (1)")
		query := "select * from suite.changing_g"
		s.ok(column[int64](ctx, conn, query))
		exec(ctx, conn, "alter table suite.changing_g alter a type bigint")
		for range 2 {
			s.fails(fail(ctx, conn, query))
		}
		must(conn.DeallocateAll(ctx))
		s.ok(column[int64](ctx, conn, query))
	})
}

// ---- batches and pipelines --------------------------------------------------------------------------------------

func batches(s seen) {
	for _, mode := range modes {
		connected(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode }, func(ctx context.Context, conn *pgx.Conn) {
			exec(ctx, conn, "truncate suite.words")
			batch := &pgx.Batch{}
			for i := 0; i < 200; i++ {
				batch.Queue("insert into suite.words (id, word) values ($1, 'b')", i)
			}
			batch.Queue("select count(*) from suite.words")
			results := conn.SendBatch(ctx, batch)
			tags := map[string]int{}
			for i := 0; i < 200; i++ {
				tag, err := results.Exec()
				must(err)
				tags[tag.String()]++
			}
			var count int
			must(results.QueryRow().Scan(&count))
			must(results.Close())
			s.ok(mode, tags, count)

			// A batch is one implicit transaction: nothing of it stays.
			batch = &pgx.Batch{}
			for _, id := range []int{1000, 1001, 5, 1002} {
				batch.Queue("insert into suite.words (id, word) values ($1, 'b')", id)
			}
			s.fails(conn.SendBatch(ctx, batch).Close())
			s.ok(value[int64](ctx, conn, "select count(*) from suite.words where id >= 1000"))
		})
	}
}

func pipeline(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "truncate suite.words")
		p := conn.PgConn().StartPipeline(ctx)
		p.SendPrepare("piped", "insert into suite.words (id, word) values ($1, 'p')", nil)
		p.SendQueryPrepared("piped", [][]byte{[]byte("1")}, nil, nil)
		must(p.Sync())
		p.SendQueryPrepared("piped", [][]byte{[]byte("2")}, nil, nil)
		p.SendQueryPrepared("piped", [][]byte{[]byte("1")}, nil, nil)
		p.SendQueryPrepared("piped", [][]byte{[]byte("3")}, nil, nil)
		must(p.Sync())
		p.SendQueryParams("select id from suite.words order by id", nil, nil, nil, nil)
		p.SendDeallocate("piped")
		must(p.Sync())
		for syncs := 0; syncs < 3; {
			results, err := p.GetResults()
			if err != nil {
				s.fails(err)
				continue
			}
			switch r := results.(type) {
			case *pgconn.ResultReader:
				read := r.Read()
				if read.Err != nil {
					s.fails(read.Err)
				} else {
					s.ok("result", read.CommandTag.String(), len(read.Rows))
				}
			case *pgconn.PipelineSync:
				syncs++
				s.ok("sync")
			default:
				s.ok(fmt.Sprintf("%T", results))
			}
		}
		must(p.Close())
		s.ok(column[int32](ctx, conn, "select id from suite.words order by id"))
	})
}

func severalStatementsInOneQuery(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		results, err := conn.PgConn().Exec(ctx, "select 1; update suite.words set word = word where false; select 'two', 3; ;").ReadAll()
		must(err)
		for _, result := range results {
			s.ok(result.CommandTag.String(), len(result.Rows))
		}
		_, err = conn.PgConn().Exec(ctx, "create table suite.never (a int); select 1 / 0").ReadAll()
		s.fails(err)
		s.ok(value[*string](ctx, conn, "select to_regclass('suite.never')::text") == nil)
	})
}

// ---- copy -------------------------------------------------------------------------------------------------------

func copyInAndOut(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "truncate suite.words")
		count, err := conn.CopyFrom(ctx, pgx.Identifier{"suite", "words"}, []string{"id", "word", "kind"}, pgx.CopyFromSlice(20000, func(i int) ([]any, error) {
			if i%7 == 0 {
				return []any{i, nil, 1}, nil
			}
			return []any{i, fmt.Sprintf("row \u00e9 %d", i), i + 1}, nil
		}))
		s.ok(count, err)
		for _, format := range []string{"text", "csv", "binary"} {
			var out bytes.Buffer
			tag, err := conn.PgConn().CopyTo(ctx, &out, "copy (select * from suite.words order by id) to stdout (format "+format+")")
			must(err)
			s.ok(format, tag.String(), out.Bytes())
			exec(ctx, conn, "truncate suite.words")
			tag, err = conn.PgConn().CopyFrom(ctx, &out, "copy suite.words from stdin (format "+format+")")
			must(err)
			s.ok(tag.String(), value[int64](ctx, conn, "select sum(id) + sum(length(word)) + sum(kind) from suite.words"))
		}
	})
}

func copyOfSeveralMegabytes(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "truncate suite.words")
		word := strings.Repeat("z", 150000)
		count, err := conn.CopyFrom(ctx, pgx.Identifier{"suite", "words"}, []string{"id", "word"}, pgx.CopyFromSlice(60, func(i int) ([]any, error) {
			return []any{i, word}, nil
		}))
		must(err)
		var out bytes.Buffer
		tag, err := conn.PgConn().CopyTo(ctx, &out, "copy suite.words to stdout")
		must(err)
		s.ok(count, tag.String(), out.Bytes())
	})
}

type breaking struct{ rows int }

func (b *breaking) Next() bool             { b.rows++; return true }
func (b *breaking) Values() ([]any, error) { return []any{b.rows, "x"}, nil }
func (b *breaking) Err() error             { return nil }

type giving struct{ breaking }

func (g *giving) Values() ([]any, error) {
	if g.rows > 500 {
		return nil, errors.New("the application's own error")
	}
	return g.breaking.Values()
}

func copyThatFails(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "truncate suite.words")
		_, err := conn.PgConn().CopyFrom(ctx, strings.NewReader("1\tgood\t1\nbad\n"), "copy suite.words from stdin")
		s.fails(err)
		_, err = conn.CopyFrom(ctx, pgx.Identifier{"suite", "words"}, []string{"id", "word"}, &giving{})
		s.ok(err)
		_, err = conn.PgConn().CopyTo(ctx, &bytes.Buffer{}, "copy (select 1 / (i - 5000) from generate_series(1, 10000) i) to stdout")
		s.fails(err)
		_, err = conn.PgConn().CopyTo(ctx, &bytes.Buffer{}, "copy suite.nowhere to stdout")
		s.fails(err)
		s.ok(value[int64](ctx, conn, "select count(*) from suite.words"), string(conn.PgConn().TxStatus()))
	})
}

// ---- cancel -----------------------------------------------------------------------------------------------------

func cancelOfTheContext(s seen) {
	change := func(c *pgx.ConnConfig) {
		c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, CancelRequestDelay: 0, DeadlineDelay: limit}
		}
	}
	connected(change, func(ctx context.Context, conn *pgx.Conn) {
		for i := 0; i < 2; i++ {
			short, cancel := context.WithTimeout(ctx, 400*time.Millisecond)
			_, err := conn.Exec(short, "select pg_sleep($1)", 60)
			cancel()
			s.fails(err)
			s.ok(value[string](ctx, conn, "select 'goes on'"))
		}
		tx, err := conn.Begin(ctx)
		must(err)
		short, cancel := context.WithTimeout(ctx, 400*time.Millisecond)
		_, err = tx.Exec(short, "select pg_sleep($1)", 60)
		cancel()
		s.fails(err)
		s.ok(string(conn.PgConn().TxStatus()))
		must(tx.Rollback(ctx))
		s.ok(value[string](ctx, conn, "select 'goes on'"))
	})
}

func cancelByRequest(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		done := make(chan error)
		go func() {
			time.Sleep(400 * time.Millisecond)
			done <- conn.PgConn().CancelRequest(ctx)
		}()
		s.fails(fail(ctx, conn, "select pg_sleep(60)"))
		s.ok(<-done, value[string](ctx, conn, "select 'goes on'"))
	})
}

// ---- notifications ----------------------------------------------------------------------------------------------

func notificationsOfItsOwn(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "listen suite_go")
		exec(ctx, conn, "notify suite_go, 'first'")
		exec(ctx, conn, "select pg_notify('suite_go', $1)", "second")
		for i := 0; i < 2; i++ {
			notification, err := conn.WaitForNotification(ctx)
			must(err)
			s.ok(notification.Channel, notification.Payload)
		}
		exec(ctx, conn, "unlisten *")
		exec(ctx, conn, "notify suite_go, 'unheard'")
		brief, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		_, err := conn.WaitForNotification(brief)
		s.ok(err != nil)
	})
}

func concurrentNotifications(s seen) {
	connected(nil, func(ctx context.Context, first *pgx.Conn) {
		connected(nil, func(ctx context.Context, second *pgx.Conn) {
			exec(ctx, first, "listen suite_go_many")
			exec(ctx, second, "listen suite_go_many")
			connected(nil, func(ctx context.Context, sender *pgx.Conn) {
				for i := 0; i < 10; i++ {
					exec(ctx, sender, "select pg_notify('suite_go_many', $1)", fmt.Sprint(i))
				}
			})
			for _, listener := range []*pgx.Conn{first, second} {
				got := []string{}
				for i := 0; i < 10; i++ {
					notification, err := listener.WaitForNotification(ctx)
					must(err)
					got = append(got, notification.Payload)
				}
				s.ok(got)
			}
		})
	})
}

func notices(s seen) {
	got := []string{}
	change := func(c *pgx.ConnConfig) {
		c.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
			got = append(got, notice.Severity+" "+notice.Code+" "+notice.Message)
		}
	}
	connected(change, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "do $$ begin raise notice 'note %', 1; raise warning 'warning'; end $$")
		exec(ctx, conn, "drop table if exists suite.not_there")
	})
	s.ok(got)
}

// ---- cursors ----------------------------------------------------------------------------------------------------

func cursors(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		tx, err := conn.Begin(ctx)
		must(err)
		_, err = tx.Exec(ctx, "declare suite_go scroll cursor for select generate_series(1, 50)")
		must(err)
		for _, fetch := range []string{"fetch 5", "fetch backward 2", "fetch absolute 30", "fetch 0", "fetch all"} {
			s.ok(fetch, column[int32](ctx, conn, fetch+" from suite_go"))
		}
		must(tx.Commit(ctx))
		s.fails(fail(ctx, conn, "fetch 1 from suite_go"))
		exec(ctx, conn, "declare suite_go_held cursor with hold for select generate_series(1, 20)")
		s.ok(column[int32](ctx, conn, "fetch 15 from suite_go_held"))
		s.ok(value[string](ctx, conn, "select 'between'"))
		s.ok(column[int32](ctx, conn, "fetch 15 from suite_go_held"), exec(ctx, conn, "close suite_go_held"))
	})
}

func rowsGivenUp(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		rows, err := conn.Query(ctx, "select i, repeat('g', 500) from generate_series(1, 30000) i")
		must(err)
		for i := 0; i < 10; i++ {
			rows.Next()
		}
		rows.Close()
		s.ok(rows.CommandTag().String(), value[string](ctx, conn, "select 'goes on'"))
	})
}

// ---- large values -----------------------------------------------------------------------------------------------

func largeValues(s seen) {
	pattern := sha256.Sum256([]byte("pgx"))
	for _, mode := range modes {
		connected(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode }, func(ctx context.Context, conn *pgx.Conn) {
			for _, megabytes := range []int{1, 5} {
				content := bytes.Repeat(pattern[:], megabytes*megabyte/32)
				got := value[[]byte](ctx, conn, "select $1::bytea", content)
				s.ok(mode, megabytes, bytes.Equal(got, content), value[string](ctx, conn, "select md5($1::bytea)", content))
			}
		})
	}
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		s.ok(strings.Join(column[string](ctx, conn, "select md5(i::text) from generate_series(1, 50000) i"), ""))
	})
}

func largeQueryTextPrepared(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		s.ok(value[int32](ctx, conn, "select length('"+strings.Repeat("q", 2*megabyte)+"')"))
	})
}

// ---- transactions -----------------------------------------------------------------------------------------------

func transactions(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "truncate suite.words")
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "insert into suite.words (id, word) values ($1, 'kept')", 1); err != nil {
				return err
			}
			// A savepoint.
			s.fails(pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
				_, err := inner.Exec(ctx, "insert into suite.words (id, word) values ($1, 'twice')", 1)
				return err
			}))
			return pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
				_, err := inner.Exec(ctx, "insert into suite.words (id, word) values ($1, 'kept')", 2)
				return err
			})
		})
		must(err)
		s.fails(pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "delete from suite.words"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "select 1 / $1::int4", 0)
			return err
		}))
		s.ok(column[int32](ctx, conn, "select id from suite.words order by id"), string(conn.PgConn().TxStatus()))
		tx, err := conn.Begin(ctx)
		must(err)
		_, err = tx.Exec(ctx, "select nothing")
		s.fails(err)
		s.ok(tx.Commit(ctx))
		for _, options := range []pgx.TxOptions{
			{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly, DeferrableMode: pgx.Deferrable},
			{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		} {
			s.fails(pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error {
				s.ok(value[string](ctx, conn, "show transaction_isolation"), value[string](ctx, conn, "show transaction_read_only"))
				_, err := tx.Exec(ctx, "delete from suite.words")
				return err
			}))
		}
	})
}

// ---- settings ---------------------------------------------------------------------------------------------------

func settings(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		exec(ctx, conn, "set timezone = 'Asia/Tokyo'")
		exec(ctx, conn, "set search_path = suite")
		exec(ctx, conn, "select set_config('application_name', $1, false)", "second name")
		s.ok(conn.PgConn().ParameterStatus("TimeZone"), conn.PgConn().ParameterStatus("application_name"))
		for _, name := range []string{"timezone", "search_path", "application_name"} {
			s.ok(name, value[string](ctx, conn, "show "+name))
		}
		must(pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			exec(ctx, conn, "set local work_mem = '7MB'")
			s.ok(value[string](ctx, conn, "show work_mem"))
			return nil
		}))
		s.ok(value[string](ctx, conn, "show work_mem") == "7MB")
		exec(ctx, conn, "reset all")
		s.ok(conn.PgConn().ParameterStatus("TimeZone"), value[string](ctx, conn, "show search_path"))
		exec(ctx, conn, "create temporary table suite_temporary (a int)")
		exec(ctx, conn, "insert into suite_temporary values ($1)", 4)
		s.ok(value[int32](ctx, conn, "select a from suite_temporary"))
	})
}

// ---- types ------------------------------------------------------------------------------------------------------

func typesInBothFormats(s seen) {
	literals := []struct{ name, text string }{
		{"bool", "t"}, {"int2", "-32768"}, {"int4", "2147483647"}, {"int8", "-9223372036854775808"}, {"float4", "1.5"},
		{"float8", "-Infinity"}, {"numeric", "-12345678901234567890.0123456789"}, {"numeric", "NaN"},
		{"text", "snow \u2603 and 'quotes' \\ \U0001f600"}, {"varchar", ""}, {"bytea", "\\x00ff10"},
		{"uuid", "12345678-1234-5678-1234-567812345678"}, {"date", "1999-12-31"}, {"timestamp", "2024-02-29 23:59:59.999999"},
		{"timestamptz", "2024-02-29 12:00:00+00"}, {"interval", "-3 days 04:00:00.000005"}, {"json", "{\"a\": [1, 2, null]}"},
		{"jsonb", "{\"a\": 1.5}"}, {"int4[]", "{1,NULL,-3}"}, {"text[]", "{\"a,b\",\"c\\\"d\",\"\",NULL}"}, {"suite.mood", "so so"},
		{"int4range", "[1,5)"}, {"inet", "10.1.2.0/24"}, {"point", "(1.5,-2)"},
	}
	connected(nil, func(ctx context.Context, conn *pgx.Conn) {
		for _, literal := range literals {
			sql := "select $1::" + literal.name
			text := conn.PgConn().ExecParams(ctx, sql, [][]byte{[]byte(literal.text)}, nil, nil, []int16{0}).Read()
			must(text.Err)
			binary := conn.PgConn().ExecParams(ctx, sql, [][]byte{[]byte(literal.text)}, nil, nil, []int16{1}).Read()
			must(binary.Err)
			again := conn.PgConn().ExecParams(ctx, sql, [][]byte{binary.Rows[0][0]}, nil, []int16{1}, []int16{0}).Read()
			must(again.Err)
			s.ok(literal.name, text.FieldDescriptions[0].DataTypeSize, string(text.Rows[0][0]), binary.Rows[0][0], string(again.Rows[0][0]))
		}
		null := conn.PgConn().ExecParams(ctx, "select $1::int4", [][]byte{nil}, nil, []int16{1}, []int16{1}).Read()
		s.ok(null.Rows[0][0] == nil, null.Err)
		mood, err := conn.LoadType(ctx, "suite.mood")
		must(err)
		conn.TypeMap().RegisterType(mood)
		s.ok(value[string](ctx, conn, "select $1::suite.mood", "glad"), value[pgtype.Interval](ctx, conn, "select '1 mon 2 days'::interval"))
		s.ok(value[time.Time](ctx, conn, "select '2024-02-29 12:00:00+00'::timestamptz").UTC(), value[[]string](ctx, conn, "select $1::text[]", []string{"a", "b,c"}))
	})
}

// ---- errors -----------------------------------------------------------------------------------------------------

func errorFields(s seen) {
	for _, mode := range modes {
		connected(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode }, func(ctx context.Context, conn *pgx.Conn) {
			exec(ctx, conn, "truncate suite.words")
			exec(ctx, conn, "insert into suite.words (id, word) values (1, 'one')")
			for _, sql := range []string{
				"selec 1", "select * from suite.nowhere", "select nothing from suite.words",
				"insert into suite.words (id, word) values (1, 'twice')", "insert into suite.words (id, word) values (null, 'x')",
				"insert into suite.words (id, word, kind) values (3, 'x', 0)", "insert into suite.children values (5)",
				"select suite.complain()", "fetch 1 from suite_nothing",
			} {
				s.fails(fail(ctx, conn, sql))
			}
			s.fails(fail(ctx, conn, "select 1 / $1::int4", 0))
			s.fails(fail(ctx, conn, "select ($1::text)::int4", "x"))
			s.ok(value[string](ctx, conn, "select 'goes on'"))
		})
	}
}

// ---- several connections ----------------------------------------------------------------------------------------

func concurrentConnections(s seen) {
	connected(nil, func(ctx context.Context, conn *pgx.Conn) { exec(ctx, conn, "truncate suite.words") })
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	config, err := pgxpool.ParseConfig("sslmode=prefer")
	must(err)
	config.MaxConns = 12
	pool, err := pgxpool.NewWithConfig(ctx, config)
	must(err)
	defer pool.Close()
	var together sync.WaitGroup
	outcomes := make([]string, 24)
	for number := range outcomes {
		together.Add(1)
		go func() {
			defer together.Done()
			outcomes[number] = client(ctx, pool, number)
		}()
	}
	together.Wait()
	sort.Strings(outcomes)
	s.ok(outcomes)
	var count, sum int
	must(pool.QueryRow(ctx, "select count(*), sum(id) from suite.words").Scan(&count, &sum))
	s.ok(count, sum)
}

func client(ctx context.Context, pool *pgxpool.Pool, number int) string {
	err := pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if _, err := conn.Exec(ctx, fmt.Sprintf("set suite.number = %d", number)); err != nil {
			return err
		}
		for i := 0; i < 15; i++ {
			err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, "insert into suite.words (id, word) values ($1, 'c')", number*100+i); err != nil {
					return err
				}
				var own string
				if err := tx.QueryRow(ctx, "select current_setting('suite.number')").Scan(&own); err != nil {
					return err
				}
				if own != fmt.Sprint(number) {
					return fmt.Errorf("client %d has the setting of %s", number, own)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return "done"
}

// ---- the program ------------------------------------------------------------------------------------------------

func run(name string, body func(seen)) {
	defer func() {
		if failure := recover(); failure != nil {
			fmt.Println("broken", name, short(fmt.Sprint(failure)))
		}
	}()
	body(seen{name})
}

func main() {
	for _, check := range []struct {
		name string
		body func(seen)
	}{
		{"login", login},
		{"login-refused", loginRefused},
		{"every-mode", everyMode},
		{"prepared-many", preparedMany},
		{"prepared-under-names", preparedUnderNames},
		{"prepared-before-the-table-changed", preparedBeforeTheTableChanged},
		{"batches", batches},
		{"pipeline", pipeline},
		{"several-statements-in-one-query", severalStatementsInOneQuery},
		{"copy-in-and-out", copyInAndOut},
		{"copy-of-several-megabytes", copyOfSeveralMegabytes},
		{"copy-that-fails", copyThatFails},
		{"cancel-of-the-context", cancelOfTheContext},
		{"cancel-by-request", cancelByRequest},
		{"notifications-of-its-own", notificationsOfItsOwn},
		{"concurrent-notifications", concurrentNotifications},
		{"notices", notices},
		{"cursors", cursors},
		{"rows-given-up", rowsGivenUp},
		{"large-values", largeValues},
		{"large-query-text-prepared", largeQueryTextPrepared},
		{"transactions", transactions},
		{"settings", settings},
		{"types-in-both-formats", typesInBothFormats},
		{"errors", errorFields},
		{"concurrent-connections", concurrentConnections},
	} {
		if oneAtATime && strings.HasPrefix(check.name, concurrent) {
			continue
		}
		run(check.name, check.body)
	}
	fmt.Println("end")
}
