// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What one client says and how long it listens in between: played to a server and through a router, the answers must be the same.
 *
 * @param name what it is about
 * @param startup what the startup packet says beside user and database
 * @param steps each is sent in one write
 */
record Dialogue(String name, Map<String, String> startup, List<Step> steps) {

    /** What is sent in one write, and how many messages of a type end the answer. */
    record Step(byte[][] frames, char lastType, int lastCount) {}

    /** A dialogue without startup parameters. */
    static Dialogue script(String name, Step... steps) {
        return new Dialogue(name, Map.of(), List.of(steps));
    }

    /** A dialogue of simple queries, each awaited. */
    static Dialogue queries(String name, String... sql) {
        return new Dialogue(
                name,
                Map.of(),
                Stream.of(sql).map(text -> ready(ClientMessage.query(text))).toList());
    }

    /** A write that is answered by one ReadyForQuery. */
    static Step ready(byte[]... frames) {
        return new Step(frames, 'Z', 1);
    }

    /** A write that is answered by several ReadyForQuery messages. */
    static Step ready(int count, byte[]... frames) {
        return new Step(frames, 'Z', count);
    }

    /** A write whose answer is awaited up to a message of another type. */
    static Step until(char type, byte[]... frames) {
        return new Step(frames, type, 1);
    }

    /** A write that is answered by nothing. */
    static Step silent(byte[]... frames) {
        return new Step(frames, 'Z', 0);
    }

    Dialogue startedWith(Map<String, String> parameters) {
        return new Dialogue(name, parameters, steps);
    }

    /** Plays it and returns every message that came, in the words of {@link ServerMessage}; when {@code sliced}, every byte is written by itself. */
    List<String> play(int port, String database, boolean sliced) {
        List<String> transcript = new ArrayList<>();
        try (WireClient client = WireClient.connect(port, database, startup, sliced)) {
            for (Step step : steps) {
                client.send(step.frames);
                for (int i = 0; i < step.lastCount; i++) {
                    client.receiveUntil(step.lastType).forEach(message -> transcript.add(message.toString()));
                }
            }
        }
        return transcript;
    }

    @Override
    public String toString() {
        return name;
    }
}
