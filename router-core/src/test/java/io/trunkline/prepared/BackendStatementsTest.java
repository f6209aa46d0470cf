// SPDX-License-Identifier: Apache-2.0
package io.trunkline.prepared;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.QueryShape;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BackendStatementsTest {
    private final BackendStatements statements = new BackendStatements(10);
    private final PreparedStatement statement = new PreparedStatement(
            "select 1".getBytes(StandardCharsets.US_ASCII),
            false,
            new int[0],
            "",
            null,
            1,
            0,
            "tl_1",
            new StatementCatalog.Used(),
            new AnalyzedQuery(new QueryShape(List.of(), true), List.of()));

    @BeforeEach
    void parse() {
        statements.add(statement);
    }

    @Test
    void forgetsAStatementThatTheBackendSaysItDoesNotHave() {
        statements.onError(
                statement, error(SqlState.INVALID_SQL_STATEMENT_NAME, "prepared statement \"tl_1\" does not exist"));

        assertThat(statements.use(statement)).isFalse();
        assertThat(statement.isRetired()).isFalse();
    }

    @Test
    void retiresAStatementWhoseColumnsAreOthersNowWhateverTheLanguage() {
        statements.onError(
                statement,
                error(SqlState.FEATURE_NOT_SUPPORTED, "gecachter Plan darf den Ergebnistyp nicht ändern")
                        .with(ErrorResponse.ROUTINE, "RevalidateCachedQuery"));

        assertThat(statement.isRetired()).isTrue();
        assertThat(statements.use(statement)).isTrue();
    }

    @Test
    void keepsAStatementThatFailsForAnotherReason() {
        statements.onError(statement, error(SqlState.FEATURE_NOT_SUPPORTED, "cannot do that"));

        assertThat(statements.use(statement)).isTrue();
        assertThat(statement.isRetired()).isFalse();
    }

    private static ErrorResponse error(SqlState sqlState, String message) {
        return ErrorResponse.of(Severity.ERROR, sqlState, message);
    }
}
