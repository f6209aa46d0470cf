// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.docs;

import io.trunkline.error.RouterError;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.RefusalCode;
import io.trunkline.testing.ErrorSamples;
import io.trunkline.testing.GeneratedText;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The operating guide lists every error the router can send and every reason for which it refuses a statement. */
class ErrorCatalogTest {
    private static final Path GUIDE = Path.of("README.md");

    @Test
    void describesEveryErrorInTheOperatingGuide() throws Exception {
        TreeSet<String> rows = new TreeSet<>();
        for (Method factory : ErrorSamples.factories().toList()) {
            RouterError error = (RouterError) factory.invoke(null, ErrorSamples.arguments(factory));
            ErrorResponse response = error.response();
            if (isWordedElsewhere(response.message())) {
                continue;
            }
            rows.add("| %s | %s | %s | %s | %s |"
                    .formatted(
                            response.sqlState(),
                            response.severity(),
                            error.kind().name().toLowerCase(Locale.ROOT),
                            cell(response.message()),
                            cell(response.hint() == null ? "" : response.hint())));
        }

        assertTable("errors", "| SQLSTATE | Severity | Kind | Message | Hint |\n|---|---|---|---|---|\n", rows);
    }

    /** The text is an argument as a whole: a refusal, or what a peer did wrong. */
    private static boolean isWordedElsewhere(String message) {
        return message.equals("sample") || message.matches("<\\w+>");
    }

    @Test
    void describesEveryRefusalInTheOperatingGuide() throws Exception {
        TreeSet<String> rows = new TreeSet<>();
        for (RefusalCode code : RefusalCode.values()) {
            rows.add(row(code.code(), SqlState.FEATURE_NOT_SUPPORTED, code.message(), code.hint()));
        }
        for (RouteRefusal code : RouteRefusal.values()) {
            rows.add(row(code.code(), code.sqlState(), code.message(), code.hint()));
        }

        assertTable("refusals", "| Code | SQLSTATE | Message | Hint |\n|---|---|---|---|\n", rows);
    }

    private static String row(String code, SqlState sqlState, String message, String hint) {
        return "| %s | %s | %s | %s |".formatted(code, sqlState.code(), cell(message), cell(hint));
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;");
    }

    private static void assertTable(String name, String head, TreeSet<String> rows) throws IOException {
        GeneratedText.assertSection(GUIDE, name, "\n" + head + String.join("\n", rows) + "\n\n");
    }
}
