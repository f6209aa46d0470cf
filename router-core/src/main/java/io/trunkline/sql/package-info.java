// SPDX-License-Identifier: Apache-2.0
/**
 * Enough SQL to route: exact lexing on the event loop, predicates of sharded statements off it.
 *
 * <p>Two readers. {@link io.trunkline.sql.SqlScan} and {@link io.trunkline.sql.StatementReader} work on bytes with PostgreSQL's own lexical
 * rules and decide everything a wrong answer about would be dangerous: where statements end, whether one may write, what it leaves behind in
 * the session. {@link io.trunkline.sql.ShardingShapeReader} asks JSqlParser for the tree of one statement and believes it only when the tree,
 * written out again, has the very same tokens.
 *
 * <p>Start reading at {@link io.trunkline.sql.SqlLexer}, then {@link io.trunkline.sql.StatementReader}. May import {@code wire} and
 * {@code error}.
 */
@NullMarked
package io.trunkline.sql;

import org.jspecify.annotations.NullMarked;
