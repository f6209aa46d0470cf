// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.LogGate;
import io.trunkline.testing.WireScript;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The scripts of {@code src/test/resources/wire}, each with whole reads and with the bytes cut at every place. */
class WireScriptTest {
    private static final List<String> FILES = List.of(
            "simple",
            "extended",
            "transactions",
            "copy",
            "settings",
            "pins",
            "listen",
            "losses",
            "cancels",
            "own",
            "sharded");
    private static final int CUTS_MAX = 300;

    @RegisterExtension
    final LogGate log = new LogGate();

    @TestFactory
    Stream<DynamicContainer> answersAsTheScriptsSay() {
        return scripts(script -> script.play(length -> Fragmenter.whole(), true));
    }

    @TestFactory
    Stream<DynamicContainer> answersTheSameHoweverTheBytesAreCut() {
        return scripts(script -> {
            script.play(length -> Fragmenter.everyByte(), false);
            script.play(length -> Fragmenter.everyByte(), true);
            int longest = Math.min(script.longestBytes(), CUTS_MAX);
            for (int at = 1; at < longest; at++) {
                int position = at;
                script.play(length -> Fragmenter.cutAt(Math.min(position, length), length), at % 2 == 0);
            }
        });
    }

    private static Stream<DynamicContainer> scripts(Consumer<WireScript> play) {
        return FILES.stream()
                .map(file -> DynamicContainer.dynamicContainer(
                        file,
                        WireScript.read("/wire/" + file + ".wire").stream()
                                .map(script -> DynamicTest.dynamicTest(
                                        script.title(), () -> ByteBufLeaks.during(() -> play.accept(script))))));
    }
}
