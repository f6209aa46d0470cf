// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.time.Duration;
import org.apache.curator.framework.api.BackgroundCallback;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.zookeeper.KeeperException.Code;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One question: requests to ZooKeeper, one after the other, until one of them brings the answer or the time is up.
 *
 * <p>Confined to the thread of its {@link ZooKeeperQuestions}. A lost connection has the whole question asked again, so each must be the same
 * when it is asked twice.
 */
abstract class ZooKeeperQuestion {
    private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperQuestion.class);

    private final ZooKeeperQuestions questions;
    private Runnable endDeadline = () -> {};
    private Runnable endPause = () -> {};
    private boolean ended;

    ZooKeeperQuestion(ZooKeeperQuestions questions) {
        this.questions = questions;
    }

    /** Sends the first request. */
    abstract void ask();

    /** Tells the listener of a failure; called once, and not after an answer. */
    abstract void tellFailed(String problem);

    final void begin(Duration limit) {
        endDeadline =
                questions.schedule(limit, () -> fail("ZooKeeper did not answer within " + limit.toMillis() + " ms"));
        askWhenConnected();
    }

    final void fail(String problem) {
        end(() -> tellFailed(problem));
    }

    /** Ends the question, unless it has ended: an answer that comes after the time is up is dropped. */
    final void end(Runnable tell) {
        if (ended) {
            return;
        }
        ended = true;
        endDeadline.run();
        endPause.run();
        questions.ended(this);
        try {
            tell.run();
        } catch (RuntimeException | AssertionError e) {
            LOG.atError().setCause(e).log("listener of an answer failed");
        }
    }

    final ZooKeeperConnection connection() {
        return questions.connection();
    }

    /** Sends one request; its answer comes on the thread, unless the question has ended by then. */
    final void send(Request request, Answer answer) {
        try {
            request.send((client, event) -> questions.answers().execute(() -> {
                if (!ended) {
                    answer.on(event, Code.get(event.getResultCode()));
                }
            }));
        } catch (Exception e) {
            fail("ZooKeeper could not be asked: " + e);
        }
    }

    /** Deals with a result that no answer can be read from: asks again if the connection is to blame. */
    final void onFailure(Code code) {
        switch (code) {
            case CONNECTIONLOSS, OPERATIONTIMEOUT, SESSIONEXPIRED, SESSIONMOVED, REQUESTTIMEOUT ->
                endPause = questions.schedule(ZooKeeperQuestions.RETRY_PAUSE, this::askWhenConnected);
            default -> fail("ZooKeeper answered " + code);
        }
    }

    private void askWhenConnected() {
        if (ended) {
            return;
        }
        if (connection().isConnected()) {
            ask();
        } else {
            // Curator would queue the request, and the caller would be long gone when it was sent.
            endPause = questions.schedule(ZooKeeperQuestions.RETRY_PAUSE, this::askWhenConnected);
        }
    }

    /** A request whose answer comes later; Curator declares that handing it over can fail. */
    interface Request {
        void send(BackgroundCallback callback) throws Exception;
    }

    /** What is done with the answer to a request. */
    interface Answer {
        void on(CuratorEvent event, Code code);
    }
}
