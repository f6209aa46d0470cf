// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trunkline.server.admin.AdminPage;
import io.trunkline.server.admin.AdminRequest;
import io.trunkline.server.admin.AdminSource;
import io.trunkline.session.SessionDescription;
import io.trunkline.session.SessionRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The page {@code /clients}: who is logged in, and what each holds; and {@code POST /clients/ID/terminate}, where that is allowed.
 *
 * <p>Each client is described on its own event loop. At most {@value #ROWS_MAX} are asked at a time, and waited for no longer than
 * {@link #ANSWER_LIMIT}: those who do not answer in time, or have left, are missing.
 */
final class ClientsPage implements AdminSource {
    /** How many clients one page has. */
    static final int ROWS_MAX = 1_000;

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(1);
    private static final Logger log = LoggerFactory.getLogger(ClientsPage.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TERMINATE = "terminate";

    private final SessionRegistry sessions;
    private final boolean mayTerminate;

    /** Creates the page; {@code mayTerminate} says whether it may end clients, too. */
    ClientsPage(SessionRegistry sessions, boolean mayTerminate) {
        this.sessions = sessions;
        this.mayTerminate = mayTerminate;
    }

    @Override
    public AdminPage get(AdminRequest request) {
        String after = request.parameter("after");
        Integer first = after == null ? Integer.valueOf(0) : number(after);
        if (first == null) {
            return AdminPage.problem(400, "after: \"" + after + "\" (expected: the id of a client)\n");
        }
        List<Integer> asked = sessions.processIdsAfter(first, ROWS_MAX);
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode clients = root.putArray("clients");
        for (SessionDescription client : describe(asked).values()) {
            write(clients.addObject(), client);
        }
        if (asked.size() == ROWS_MAX) {
            root.put("next", "/clients?after=" + asked.get(ROWS_MAX - 1));
        } else {
            root.putNull("next");
        }
        try {
            return AdminPage.json(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<Integer, SessionDescription> describe(List<Integer> processIds) {
        Map<Integer, SessionDescription> described = new ConcurrentSkipListMap<>();
        CountDownLatch awaited = new CountDownLatch(processIds.size());
        for (Integer processId : processIds) {
            SessionRegistry.Handle session = sessions.find(processId);
            if (session == null) {
                awaited.countDown();
                continue;
            }
            session.describe(description -> {
                described.put(processId, description);
                awaited.countDown();
            });
        }
        try {
            if (!awaited.await(ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                log.debug("{} clients did not say in time what they do", awaited.getCount());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return described;
    }

    private static void write(ObjectNode into, SessionDescription client) {
        into.put("id", client.processId())
                .put("user", client.user())
                .put("database", client.database())
                .put("address", client.address())
                .put("state", word(client.state()))
                .put("transaction", word(client.transaction()));
        ArrayNode pins = into.putArray("pins");
        for (SessionDescription.Pin pin : client.pins()) {
            pins.addObject()
                    .put("reason", pin.reason())
                    .put("seconds", pin.age().toMillis() / 1_000.0);
        }
        SessionDescription.Backend backend = client.backend();
        if (backend != null) {
            into.putObject("backend").put("node", backend.node()).put("pid", backend.processId());
        } else {
            into.putNull("backend");
        }
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public AdminPage post(AdminRequest request) {
        List<String> rest = request.rest();
        if (rest.size() != 2 || !rest.get(1).equals(TERMINATE)) {
            return AdminPage.problem(404, "nothing to do here; there is /clients/ID/" + TERMINATE + "\n");
        }
        if (!mayTerminate) {
            return AdminPage.problem(403, "ending clients is switched off (admin.terminate_clients)\n");
        }
        Integer processId = number(rest.get(0));
        SessionRegistry.Handle session = processId == null ? null : sessions.find(processId);
        if (session == null) {
            return AdminPage.problem(404, "no such client\n");
        }
        log.atInfo().addKeyValue("session", processId).log("an operator ends a client");
        session.terminate();
        return new AdminPage(202, "text/plain; charset=utf-8", "the client is being ended\n");
    }

    private static @Nullable Integer number(String text) {
        try {
            return Integer.valueOf(text);
        } catch (NumberFormatException notOne) {
            return null;
        }
    }
}
