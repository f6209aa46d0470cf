// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.backend.Settings;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.prepared.TextSettings;
import io.trunkline.routing.RoutingTable;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.TableDirectory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the texts of one session are read under: its encoding, its quoting rules, its search path, and what stands for all of that when
 * statements are shared.
 *
 * <p>Follows the session's settings and what its client was told of the server's parameters. Belongs to its {@link Session}.
 */
final class TextContext {
    private final Session session;
    /** A search path of which nothing is known. */
    static final List<String> UNKNOWN_PATH = List.of(RoutingTable.UNKNOWN_SCHEMA);

    /** Tells a path nobody set from one of the same schemas that was set. */
    private static final String ASSUMED = "\0assumed";

    private @Nullable Settings read;
    private @Nullable String readLocalPath;
    private @Nullable ReportedParameters readTold;
    private @Nullable String readPath;
    private List<String> searchPath = List.of("$user", "public");
    private String searchPathText = "";
    private String statementContext = "";

    /** What tells the session's own statements from others' texts; 0 while there are none. */
    private long owner;

    TextContext(Session session) {
        this.session = session;
    }

    /** Returns how tables without a schema are found: by the search path, unless what was sent may change it. */
    TableDirectory tables(RoutingTable table) {
        refresh();
        if (!isPathKnown()) {
            return table.forSearchPath(UNKNOWN_PATH);
        }
        return readPath == null ? table.forAssumedPath(searchPath) : table.forSearchPath(searchPath);
    }

    /** Returns the search path as one string, for cache keys. */
    String searchPathText() {
        refresh();
        return isPathKnown() ? searchPathText : RoutingTable.UNKNOWN_SCHEMA;
    }

    private boolean isPathKnown() {
        return !session.sent.settings().isPath() && !session.ties.isPinnedBy(SessionEffect.FUNCTION_SETTINGS);
    }

    /** Returns what a statement's text was parsed under: two sessions share a prepared statement only when it is equal. */
    String statementContext() {
        refresh();
        return statementContext;
    }

    /** As the other, for a statement that no other session shares. */
    String ownStatementContext() {
        return statementContext() + ownMark();
    }

    /** As the other, for a statement that is not found again by its text either. */
    String singleStatementContext() {
        return statementContext() + "#" + session.worker.catalog().newOwner();
    }

    private String ownMark() {
        if (owner == 0) {
            owner = session.worker.catalog().newOwner();
        }
        return "#" + owner;
    }

    private void refresh() {
        Settings current = session.settings.current();
        String localPath = session.settings.localPath();
        ReportedParameters told = session.told();
        if (current != read || told != readTold || !Objects.equals(localPath, readLocalPath)) {
            String path = session.settings.searchPath();
            read = current;
            readLocalPath = localPath;
            readTold = told;
            readPath = path;
            statementContext = session.identity.cluster()
                    + '/'
                    + session.identity.backendDatabase()
                    + ';'
                    + current.statementContext()
                    // SET LOCAL is none of the session's settings.
                    + told.clientEncoding()
                    + (told.standardConformingStrings() ? "" : ";\\")
                    + (localPath == null ? "" : ";" + (localPath.isEmpty() ? ownMark() : localPath));
            searchPath = SearchPath.of(path, userSchema(current));
            // No schema's name has it, unlike a comma.
            searchPathText = String.join("\0", searchPath) + (path == null ? ASSUMED : "");
        }
    }

    /** {@code $user} is the role in force, which SET ROLE may have changed to one that only the server knows for certain. */
    private String userSchema(Settings current) {
        boolean asAnother =
                current.get(SessionSettings.ROLE) != null || current.get(SessionSettings.SESSION_AUTHORIZATION) != null;
        return asAnother ? RoutingTable.UNKNOWN_SCHEMA : session.identity.backendUser();
    }

    /** Returns true when the client's encoding lets a text be read byte by byte. */
    boolean isReadable() {
        return switch (clientEncoding()) {
            case "SJIS", "BIG5", "GBK", "GB18030", "UHC", "JOHAB", "SHIFT_JIS_2004" -> false;
            default -> true;
        };
    }

    boolean isUtf8() {
        return SettingsReplay.isUtf8(clientEncoding());
    }

    /** Returns true when the part of a text is what it is as UTF-8. */
    boolean isRead(ByteBuf text, int start, int end) {
        return ByteBufUtil.isText(
                text, start, end - start, isUtf8() ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII);
    }

    /** Returns true when a backend that is given a statement now has the one that the client has prepared. */
    boolean allowsReplay(PreparedStatement statement) {
        return statement.isReadAs(clientEncoding(), standardConformingStrings());
    }

    /** Returns what says which statement a text is. */
    TextSettings textSettings() {
        return new TextSettings(clientEncoding(), standardConformingStrings());
    }

    private String clientEncoding() {
        return session.told().clientEncoding();
    }

    boolean standardConformingStrings() {
        return session.told().standardConformingStrings();
    }
}
