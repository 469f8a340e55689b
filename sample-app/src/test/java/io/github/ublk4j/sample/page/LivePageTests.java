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

package io.github.ublk4j.sample.page;

import java.time.Duration;
import java.util.function.Predicate;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.webtestclient.autoconfigure.AutoConfigureWebTestClient;
import org.springframework.context.ApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The stream of the page, and what its buttons call.
 */
@UblkTest
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "ublk.devices.archive.store=memory", "server.shutdown=graceful" })
@AutoConfigureWebTestClient(timeout = "30s")
@DirtiesContext
class LivePageTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final WebTestClient web;

	private final BlockDeviceTestClient scratch;

	private final BlockDevices devices;

	LivePageTests(@Autowired WebTestClient web, @Autowired BlockDeviceTestClient disks,
			@Autowired BlockDevices devices) {
		this.web = web;
		this.scratch = disks.disk("scratch");
		this.devices = devices;
	}

	@Test
	void pageIsThere() {
		this.web.get()
			.uri("/")
			.accept(MediaType.TEXT_HTML)
			.exchange()
			.expectStatus()
			.isOk()
			.expectHeader()
			.contentTypeCompatibleWith(MediaType.TEXT_HTML)
			.expectBody(String.class)
			.value((page) -> assertThat(page).contains("<h1>Disks</h1>").doesNotContain("http://", "https://"));
	}

	@Test
	void showsEveryDisk() {
		StepVerifier.create(frames().next()).assertNext((frame) -> {
			assertThat(frame.simulated()).isTrue();
			assertThat(frame.unserved()).isEmpty();
			assertThat(frame.disks()).extracting(Frame.Disk::name).contains("scratch", "archive");
			assertThat(disk(frame, "archive").size()).isEqualTo(512L << 20);
			assertThat(disk(frame, "scratch").state()).isEqualTo(DeviceState.LIVE);
			assertThat(disk(frame, "scratch").queues()).extracting(Frame.Queue::depth).containsExactly(64);
			assertThat(disk(frame, "scratch").operations()).extracting(Frame.Operation::operation)
				.containsExactly(BlockOperation.READ, BlockOperation.WRITE, BlockOperation.DISCARD);
		}).expectComplete().verify(PATIENCE);
	}

	@Test
	void showsWhatIsReadAndWhere() {
		Disposable load = this.scratch.read(8L << 20, 4096).delayElement(Duration.ofMillis(10)).repeat().subscribe();
		try {
			awaitDisk("scratch", (disk) -> {
				Frame.Operation reads = disk.operations().get(0);
				return reads.requests() > 0 && reads.bytes() == reads.requests() * 4096 && reads.handler() > 0
						&& disk.heat().touched().stream().anyMatch((cell) -> cell.cell() == 32 && cell.reads() > 0);
			});
		}
		finally {
			load.dispose();
		}
	}

	@Test
	void showsTheTagsOfRequestsThatTakeLong() {
		BlockDeviceHandler slow = (read) -> Mono.delay(Duration.ofSeconds(5)).then();
		this.devices.create(DiskSpec.named("slow").size(1 << 20).readOnly(true).build(), slow).block(PATIENCE);
		Disposable read = Mono.defer(() -> this.scratch.disk("slow").read(0, 4096)).subscribe();
		try {
			awaitDisk("slow",
					(disk) -> disk.queues().get(0).inFlight() == 1 && disk.queues()
						.get(0)
						.tags()
						.stream()
						.anyMatch((tag) -> tag.operation() == BlockOperation.READ && tag.share() == 1));
		}
		finally {
			read.dispose();
			this.devices.delete("slow").block(PATIENCE);
		}
		StepVerifier
			.create(frames().filter((frame) -> frame.disks().stream().map(Frame.Disk::name).noneMatch("slow"::equals))
				.next())
			.expectNextCount(1)
			.expectComplete()
			.verify(PATIENCE);
	}

	@Test
	void followsADiskThatIsStoppedAndStartedAgain() {
		this.devices.stop("archive").block(PATIENCE);
		awaitDisk("archive", (disk) -> disk.state() == DeviceState.STOPPED);
		this.devices.start("archive").block(PATIENCE);
		BlockDeviceTestClient archive = this.scratch.disk("archive");
		Disposable load = archive.read(0, 4096).delayElement(Duration.ofMillis(10)).repeat().subscribe();
		try {
			awaitDisk("archive", (disk) -> !disk.heat().touched().isEmpty() && disk.operations().get(0).requests() > 0);
		}
		finally {
			load.dispose();
		}
	}

	@Test
	void buttonsPauseAndResume() {
		change("scratch", "pause").expectStatus().isOk();
		awaitDisk("scratch", Frame.Disk::paused);
		change("scratch", "resume").expectStatus().isOk();
		awaitDisk("scratch", (disk) -> !disk.paused());
	}

	@Test
	void whatCannotBeDoneIsExplained() {
		change("scratch", "explode").expectStatus()
			.isBadRequest()
			.expectBody()
			.jsonPath("$.error")
			.isEqualTo("There is no such action");
	}

	@Test
	void streamEndsWhenTheApplicationCloses(@Autowired ApplicationContext context) {
		LiveFrames frames = context.getAutowireCapableBeanFactory().createBean(LiveFrames.class);
		StepVerifier.create(frames.all().doOnNext((frame) -> frames.close()))
			.expectNextCount(1)
			.expectComplete()
			.verify(PATIENCE);
	}

	private WebTestClient.ResponseSpec change(String disk, String action) {
		return this.web.post()
			.uri("/actuator/ublk/{disk}", disk)
			.contentType(MediaType.APPLICATION_JSON)
			.bodyValue("{\"action\":\"" + action + "\"}")
			.exchange();
	}

	private Flux<Frame> frames() {
		return this.web.get()
			.uri("/live")
			.accept(MediaType.TEXT_EVENT_STREAM)
			.exchange()
			.expectStatus()
			.isOk()
			.returnResult(Frame.class)
			.getResponseBody();
	}

	private void awaitDisk(String name, Predicate<Frame.Disk> condition) {
		StepVerifier
			.create(frames().flatMapIterable(Frame::disks)
				.filter((disk) -> disk.name().equals(name))
				.filter(condition)
				.next())
			.expectNextCount(1)
			.expectComplete()
			.verify(PATIENCE);
	}

	private static Frame.Disk disk(Frame frame, String name) {
		return frame.disks().stream().filter((disk) -> disk.name().equals(name)).findFirst().orElseThrow();
	}

}
