// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A server that accepts connections, refuses them or keeps silent, as the test says. */
public final class FakeNode {
    private final String name;
    private final List<FakeBackend> open = new ArrayList<>();
    private final List<String> queries = new ArrayList<>();
    private Duration loginTime = Duration.ofMillis(5);
    private Duration answerTime = Duration.ofMillis(1);
    private @Nullable RouterError refusal;
    private boolean silent;
    private int attempts;
    private int mostOpen;
    private int pendingLogins;
    private int mostPendingLogins;
    private Function<String, List<List<@Nullable String>>> answers = sql -> List.of();

    /** Creates a node that accepts. */
    public FakeNode(String name) {
        this.name = name;
    }

    /** Accepts connections and answers queries, from now on. */
    public void accept() {
        refusal = null;
        silent = false;
    }

    /** Refuses connections with an error, from now on. */
    public void refuse(RouterError error) {
        refusal = error;
        silent = false;
    }

    /** Neither accepts nor refuses, neither answers nor closes, from now on. */
    public void fallSilent() {
        silent = true;
    }

    /** Breaks every connection and refuses new ones, as a killed server does. */
    public void crash() {
        refuse(RouterErrors.connectFailed(name));
        breakConnections();
    }

    /** Breaks every connection. */
    public void breakConnections() {
        List.copyOf(open).forEach(FakeBackend::die);
    }

    /** Sets how queries are answered. */
    public void answer(Function<String, List<List<@Nullable String>>> newAnswers) {
        answers = newAnswers;
    }

    /** Sets how long a login takes. */
    public void loginTakes(Duration time) {
        loginTime = time;
    }

    /** Returns the open connections, oldest first. */
    public List<FakeBackend> open() {
        return List.copyOf(open);
    }

    /** Returns how many connections were asked for. */
    public int attempts() {
        return attempts;
    }

    /** Returns how many connections were open at most. */
    public int mostOpen() {
        return mostOpen;
    }

    /** Returns how many logins were under way at most. */
    public int mostPendingLogins() {
        return mostPendingLogins;
    }

    /** Returns the queries received. */
    public List<String> queries() {
        return List.copyOf(queries);
    }

    void connect(EventLoopClock loop, BackendTarget target, BackendConnector.Listener listener) {
        attempts++;
        pendingLogins++;
        mostPendingLogins = Math.max(mostPendingLogins, pendingLogins);
        if (silent) {
            loop.schedule(Duration.ofSeconds(5).toNanos(), () -> fail(listener, RouterErrors.connectFailed(name)));
            return;
        }
        loop.schedule(loginTime.toNanos(), () -> {
            RouterError error = refusal;
            if (error != null) {
                fail(listener, error);
                return;
            }
            pendingLogins--;
            FakeBackend backend = new FakeBackend(this, loop, target);
            open.add(backend);
            mostOpen = Math.max(mostOpen, open.size());
            listener.onConnected(backend.connection());
        });
    }

    private void fail(BackendConnector.Listener listener, RouterError error) {
        pendingLogins--;
        listener.onFailed(error);
    }

    void answer(FakeBackend backend, EventLoopClock loop, String sql) {
        queries.add(sql);
        if (silent) {
            return;
        }
        loop.schedule(answerTime.toNanos(), () -> {
            if (backend.isOpen()) {
                backend.answer(answers.apply(sql));
            }
        });
    }

    void onEnded(FakeBackend backend) {
        open.remove(backend);
    }
}
