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

package io.github.ublk4j.spring.outage;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What outages of the server of a disk's store do to the users of the disk.
 */
@Timeout(300)
abstract class AbstractOutageTests {

	/** An attempt of the store ends within it, and all attempts do not. */
	private static final Duration LONG = Duration.ofSeconds(6);

	static final Duration SHORT = Duration.ofSeconds(3);

	static final Duration PATIENCE = Duration.ofSeconds(60);

	private final String excluded;

	private final String volume = UUID.randomUUID().toString();

	private final String store;

	/**
	 * For a kind of server.
	 * @param kind what the store of the disk begins with, to which a name is added
	 * @param excluded auto-configuration of other servers
	 */
	AbstractOutageTests(String kind, Class<?>... excluded) {
		this.store = kind + this.volume;
		this.excluded = String.join(",", Stream.of(excluded).map(Class::getName).toList());
	}

	abstract OutageServer server();

	DiskApplication start(String... properties) {
		return DiskApplication.start(server(),
				Stream
					.concat(Stream.of("spring.autoconfigure.exclude=" + this.excluded,
							"ublk.devices.disk.store=" + this.store, "ublk.devices.disk.size=" + Load.SIZE + "B"),
							Stream.of(properties))
					.toArray(String[]::new));
	}

	@Test
	void requestsWaitWhileTheServerIsSilent() {
		assertThat(failures((load) -> silence(load, LONG))).isEmpty();
	}

	@Test
	void requestsThatMayNotWaitFailWhileTheServerIsSilent() {
		assertThat(failures((load) -> silence(load, Duration.ofSeconds(4)), "ublk.devices.disk.request-timeout=2s"))
			.containsExactly(BlockErrno.ETIMEDOUT);
	}

	@Test
	void requestsAreTriedAgainWhileTheServerIsGone() {
		assertThat(failures((load) -> absence(load, SHORT), "ublk.devices.disk.layers=retry",
				"ublk.devices.disk.layer.retry.attempts=20", "ublk.devices.disk.layer.retry.max-backoff=1s"))
			.isEmpty();
	}

	/**
	 * Returns how requests have failed by an outage in the middle of load. None that
	 * began after it does, and nothing is lost: neither for this application nor for the
	 * next.
	 */
	Set<BlockErrno> failures(Consumer<Load> outage, String... properties) {
		Load load;
		Set<BlockErrno> failures;
		try (DiskApplication application = start(properties); Load running = Load.on(application.disk())) {
			load = running;
			outage.accept(load);
			load.awaitProgress();
			failures = load.takeFailures();
			load.awaitProgress();
			load.stop();
			assertThat(load.takeFailures()).isEmpty();
			load.assertNothingIsLost(application.disk());
		}
		try (DiskApplication next = start()) {
			load.assertNothingIsLost(next.disk());
		}
		return failures;
	}

	private void silence(Load load, Duration duration) {
		server().silence();
		try {
			assertStandstill(load, duration);
		}
		finally {
			server().resume();
		}
	}

	void absence(Load load, Duration duration) {
		server().takeAway();
		try {
			assertStandstill(load, duration);
		}
		finally {
			server().bringBack();
		}
	}

	static void assertStandstill(Load load, Duration duration) {
		sleep(Duration.ofSeconds(1));
		int before = load.completed();
		sleep(duration.minusSeconds(1));
		assertThat(load.completed()).isEqualTo(before);
	}

	@Test
	void applicationThatIsTakenOverInAnOutageWritesNoMore() {
		try (DiskApplication first = start(); Load load = Load.on(first.disk())) {
			CompletableFuture<DiskApplication> takeOver = takeOverInSilence();
			try (DiskApplication second = takeOver.orTimeout(60, TimeUnit.SECONDS).join()) {
				byte[] before = content(second);
				Awaitility.await().atMost(PATIENCE).until(() -> load.takeFailures().contains(BlockErrno.EIO));
				load.stop();
				load.assertNothingIsLost(second.disk());
				assertThat(content(second)).isEqualTo(before);
				assertThatThrownBy(() -> first.disk().write(0, new byte[512]).block(PATIENCE))
					.hasRootCauseInstanceOf(BlockIoException.class);
			}
		}
	}

	private CompletableFuture<DiskApplication> takeOverInSilence() {
		server().silence();
		try {
			CompletableFuture<DiskApplication> takeOver = CompletableFuture
				.supplyAsync(() -> start("ublk.devices.disk.chunks.take-over=true"));
			sleep(Duration.ofSeconds(2));
			assertThat(takeOver).isNotDone();
			return takeOver;
		}
		finally {
			server().resume();
		}
	}

	private static byte[] content(DiskApplication application) {
		return Objects.requireNonNull(application.disk().read(0, Load.SIZE).block(PATIENCE));
	}

	@Test
	void secondApplicationIsRefusedAfterTheServerWasAway() {
		try (DiskApplication first = start()) {
			server().takeAway();
			server().bringBack();
			BlockDeviceTestClient disk = first.disk();
			Awaitility.await()
				.atMost(PATIENCE)
				.ignoreExceptions()
				.untilAsserted(() -> disk.read(0, 512).block(PATIENCE));

			assertThatThrownBy(this::start)
				.hasStackTraceContaining(this.volume + " is served by process " + ProcessHandle.current().pid());
			disk.write(0, new byte[512]).block(PATIENCE);
		}
	}

	private static void sleep(Duration duration) {
		try {
			Thread.sleep(duration.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

}
