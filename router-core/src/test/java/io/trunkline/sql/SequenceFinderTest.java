// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What statements are taken to do with the values of sequences. */
class SequenceFinderTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "select 1 | NONE",
                "select lower(a), count(*) from t where a in (1, 2) | NONE",
                "select pg_sleep(1) | NONE",
                "select 'lastval()' | NONE",
                "begin | NONE",
                "set x.y to 1 | NONE",
                "update t set a = 1 | MAY_ADVANCE",
                "copy t from stdin | MAY_ADVANCE",
                "create table u (id serial) | MAY_ADVANCE",
                "insert into t values (1) | ADVANCES",
                "select nextval('s') | ADVANCES",
                "select setval('s', 1) | ADVANCES",
                "select mine(1) | ADVANCES",
                "with x as (insert into t values (1) returning *) select * from x | ADVANCES",
                "explain analyze select nextval('s') | ADVANCES",
                "execute p | ADVANCES",
                "call p() | ADVANCES",
                "fetch c | ADVANCES",
                "select lastval() | READS",
                "select pg_catalog . lastval ( ) | READS",
                "select \"lastval\"() | READS",
                "insert into t values (CURRVAL('s')) | READS",
                "update t set a = currval($1) | READS",
            })
    void tellsWhatAStatementDoesWithSequences(String sql, SequenceUse expected) {
        assertThat(Sql.of(sql).shape().statements().get(0).sequences()).isEqualTo(expected);
    }
}
