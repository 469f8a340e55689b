/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.layer.EncryptStore;
import io.github.ublk4j.store.FileBlockStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Programs that people use, on file systems on disks of ours. Needs sqlite3, git and
 * PostgreSQL.
 */
@KernelTest
class WorkloadIT {

	private static final long SIZE = 96L << 20;

	@TempDir
	private Path directory;

	@Test
	void databaseAndRepositoryOnAnEncryptedDiskAreWholeAfterARestart() throws IOException {
		byte[] key = new byte[64];
		new Random(1).nextBytes(key);
		Path image = this.directory.resolve("disk.img");
		onEncryptedDisk(image, key, (device, mount) -> {
			Shell.run("mkfs.ext4 -q " + device);
			return "";
		});
		String before = onEncryptedDisk(image, key, (device, mount) -> {
			Shell.run("mount " + device + " " + mount);
			Shell.run("set -e; cd " + mount + "\n"
					+ """
							sqlite3 data.db "PRAGMA journal_mode=WAL; CREATE TABLE entry(id INTEGER PRIMARY KEY, text TEXT);
							  CREATE INDEX entry_text ON entry(text);"
							for i in 1 2 3 4 5 6 7 8; do
							  sqlite3 data.db "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
							    INSERT INTO entry(text) SELECT 'known-plaintext-' || i FROM n; COMMIT;
							    UPDATE entry SET text = text || 'x' WHERE id % 7 = 0; DELETE FROM entry WHERE id % 11 = 0;"
							done
							git init -q repository && cd repository
							git config user.name test && git config user.email test@example.org
							"""
					+ "cp -r " + tree() + " tree" + """

							git add . && git commit -qm first
							for i in 1 2 3; do echo $i >>tree/changes && git add . && git commit -qm "change $i"; done
							git gc -q && git clone -q . ../clone
							""");
			String contents = contents(mount);
			Shell.run("umount " + mount);
			return contents;
		});
		assertThat(Shell.run("grep -c known-plaintext " + image + " || true").strip()).isEqualTo("0");
		String after = onEncryptedDisk(image, key, (device, mount) -> {
			Shell.run("fsck.ext4 -fn " + device + " && mount " + device + " " + mount);
			String contents = contents(mount);
			Shell.run("umount " + mount);
			return contents;
		});
		assertThat(after).isEqualTo(before).contains("ok");
	}

	private String onEncryptedDisk(Path image, byte[] key, Work work) throws IOException {
		Path mount = Files.createDirectories(this.directory.resolve("mount"));
		try (BlockStore store = new EncryptStore(FileBlockStore.at(image).createIfMissing(true).size(SIZE).open(), key,
				512); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(DiskSpec.named("workload").size(SIZE).queues(2).build(), store).block();
			try {
				return work.on(device.path(), mount);
			}
			finally {
				Shell.tryRun("umount " + mount);
			}
		}
	}

	private static String contents(Path mount) {
		return Shell.run("set -e; cd " + mount + "\n" + """
				sqlite3 data.db "PRAGMA integrity_check; SELECT count(*), sum(id), sum(length(text)) FROM entry;"
				cd repository && git fsck --full --strict && git status --porcelain && git log --format=%H
				git -C ../clone rev-parse HEAD && git -C ../clone fsck --full
				""" + "diff -r --exclude changes " + tree() + " tree");
	}

	/** A tree of files that is there wherever this test runs. */
	private static Path tree() {
		return Path.of("").toAbsolutePath().resolve("src/main/java/io/github/ublk4j/engine");
	}

	@Test
	@Timeout(600)
	void databaseOnChunksKeepsWhatItHasAcknowledgedThroughKillsOfServerAndDatabase() throws Exception {
		// so that the user of the database comes through
		Files.setPosixFilePermissions(this.directory, PosixFilePermissions.fromString("rwx--x--x"));
		Path mount = Files.createDirectories(this.directory.resolve("mount"));
		Database database = new Database(mount.resolve("data"));
		ServerProcess server = ServerProcess.startOnChunks(this.directory, Recovery.REISSUE);
		String path = server.path();
		Shell.run("mkfs.ext4 -q " + path + " && mount " + path + " " + mount + " && chown postgres " + mount);
		try {
			database.create();
			database.start();
			database.run("pgbench --initialize --quiet --scale=1");
			Process load = database.launch("pgbench --client=4 --time=600 --no-vacuum",
					this.directory.resolve("pgbench.log"));
			HandlerIT.await(() -> database.count() > 20);
			server.kill();
			server = ServerProcess.startOnChunks(this.directory, Recovery.REISSUE);
			assertThat(server.path()).isEqualTo(path);
			// the database has waited, and goes on
			long counted = database.count();
			HandlerIT.await(() -> database.count() > counted);
			database.kill();
			assertThat(load.waitFor(60, TimeUnit.SECONDS)).as("pgbench ends").isTrue();
			String report = Files.readString(this.directory.resolve("pgbench.log"));
			Matcher processed = Pattern.compile("actually processed: (\\d+)").matcher(report);
			assertThat(processed.find()).as(report).isTrue();
			long acknowledged = Long.parseLong(processed.group(1));
			database.start();
			// who had no answer yet may find the transaction there all the same
			assertThat(database.count()).isBetween(acknowledged, acknowledged + 4);
			database.requireBalance();
			database.stop();
		}
		finally {
			database.kill();
			Shell.run("umount " + mount);
		}
		Shell.run("fsck.ext4 -fn " + path);
		server.tell("stop");
	}

	/**
	 * Something that is done with a disk.
	 */
	private interface Work {

		String on(Path device, Path mount);

	}

	/**
	 * A PostgreSQL, which runs as its own user: it refuses to be root.
	 */
	private static final class Database {

		private static final String AS_USER = "cd / && exec runuser -u postgres -- env PGDATABASE=postgres";

		private final Path data;

		private final String programs;

		Database(Path data) {
			this.data = data;
			this.programs = Shell.run("ls -d /usr/lib/postgresql/*/bin | tail -1").strip();
		}

		void create() {
			server("initdb --no-sync --auth=trust --locale=C --encoding=UTF8 --wal-segsize=4");
			Shell.run("printf '%s\\n' \"listen_addresses = ''\" \"unix_socket_directories = '" + this.data
					+ "'\" 'shared_buffers = 8MB' 'max_wal_size = 32MB' 'min_wal_size = 8MB' >>" + this.data
					+ "/postgresql.conf");
			// of what was not synced, a crash leaves what it likes
			server("initdb --sync-only");
		}

		void start() {
			Path log = this.data.resolve("log");
			try {
				server("pg_ctl start --wait --timeout=120 --log=" + log);
			}
			catch (AssertionError ex) {
				throw new AssertionError(ex.getMessage() + Shell.tryRun("tail -30 " + log).output(), ex);
			}
		}

		void stop() {
			server("pg_ctl stop --wait --mode=fast --timeout=120");
		}

		/** Ends it as a loss of power does, if it runs. */
		void kill() {
			Path file = this.data.resolve("postmaster.pid");
			if (!Files.exists(file)) {
				return;
			}
			// not by name: the machine may have a database of its own
			String processes = Shell
				.run("main=$(head -1 " + file + "); echo $main $(pgrep -P $main || true) | tr '\\n' ' '");
			Shell.tryRun("kill -KILL " + processes);
			HandlerIT.await(() -> Shell.tryRun("kill -0 " + processes).status() != 0);
		}

		private void server(String command) {
			Shell.run(AS_USER + " PGDATA=" + this.data + " " + this.programs + "/" + command);
		}

		void run(String command) {
			Shell.run(client(command));
		}

		Process launch(String command, Path output) throws IOException {
			return new ProcessBuilder("bash", "-c", client(command)).redirectErrorStream(true)
				.redirectOutput(output.toFile())
				.start();
		}

		private String client(String command) {
			return AS_USER + " PGHOST=" + this.data + " " + this.programs + "/" + command;
		}

		String query(String sql) {
			return Shell.run(client("psql --no-psqlrc --tuples-only --no-align --command=\"" + sql + "\"")).strip();
		}

		/** What is booked is booked once, and everywhere. */
		void requireBalance() {
			assertThat(query("SELECT (SELECT sum(delta) FROM pgbench_history) = (SELECT sum(abalance) FROM"
					+ " pgbench_accounts) AND (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(tbalance)"
					+ " FROM pgbench_tellers)"))
				.isEqualTo("t");
		}

		long count() {
			return Long.parseLong(query("SELECT count(*) FROM pgbench_history"));
		}

	}

}
