// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.error.LogText;
import io.trunkline.error.RouterError;
import io.trunkline.wire.ErrorResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Asks one node all of {@link FactReader#QUERIES}, on one connection that is opened as the router opens its own: the same login, TLS and
 * limits.
 *
 * <p>Confined to the connector's event loop but for the future.
 */
final class Interview implements BackendConnector.Listener {
    private final Duration answerLimit;
    private final CompletableFuture<Answer> outcome = new CompletableFuture<>();
    private final List<List<List<@Nullable String>>> answers = new ArrayList<>();
    private long askedMillis;

    private Interview(Duration answerLimit) {
        this.answerLimit = answerLimit;
    }

    /**
     * Begins; on the connector's event loop.
     *
     * @param answerLimit how long each answer may take
     * @return what came of it, always without exception
     */
    static CompletableFuture<Answer> begin(BackendConnector connector, BackendTarget target, Duration answerLimit) {
        Interview interview = new Interview(answerLimit);
        connector.connect(target, interview);
        return interview.outcome;
    }

    @Override
    public void onConnected(BackendConnection backend) {
        ask(backend);
    }

    @Override
    public void onFailed(RouterError error) {
        outcome.complete(new Answer.Silence(words(error.response())));
    }

    private void ask(BackendConnection backend) {
        int number = answers.size();
        long begun = System.currentTimeMillis();
        backend.query(
                FactReader.QUERIES.get(number),
                FactQueries.ROWS_MAX,
                answerLimit,
                new BackendConnection.QueryListener() {
                    @Override
                    public void onRows(List<List<@Nullable String>> rows) {
                        if (number == 0) {
                            askedMillis = (begun + System.currentTimeMillis()) / 2;
                        }
                        answers.add(rows);
                        if (answers.size() < FactReader.QUERIES.size()) {
                            ask(backend);
                        } else {
                            end(backend);
                        }
                    }

                    @Override
                    public void onError(ErrorResponse error) {
                        if (number == FactReader.MAY_FAIL && backend.isOpen() && !error.isFatal()) {
                            onRows(List.of());
                            return;
                        }
                        backend.close("failed");
                        outcome.complete(new Answer.Silence(words(error)));
                    }
                });
    }

    private void end(BackendConnection backend) {
        backend.close("done");
        try {
            outcome.complete(new Answer.Facts(FactReader.read(answers, askedMillis)));
        } catch (IllegalArgumentException notAnAnswer) {
            outcome.complete(new Answer.Silence(LogText.quoted(String.valueOf(notAnAnswer.getMessage()))));
        }
    }

    /** Returns what a node said as it may be printed; the node is not trusted. */
    private static String words(ErrorResponse error) {
        return error.sqlState() + ": " + LogText.quoted(error.message());
    }
}
