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

package io.github.ublk4j.spring.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.engine.DeviceListener;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.NoSuchBlockDeviceException;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Disks while the application runs.
 */
class BlockDevicesTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final DiskSpec CREATED = DiskSpec.named("created").size(1 << 20).build();

	private final TestUblk ublk = new TestUblk();

	private final Path run;

	private final ApplicationContextRunner contextRunner;

	BlockDevicesTests(@TempDir Path directory) {
		this.run = directory.resolve("run");
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + this.run, "ublk.devices.ram.store=memory",
					"ublk.devices.ram.size=1MB", "ublk.devices.ram.memory.pre-touch=true");
	}

	@Test
	void createdDiskIsServedUntilTheContextStops() {
		with((context, devices) -> {
			UblkDevice device = await(devices.create(CREATED, new TestDisks.Null()));
			assertThat(device.spec()).isSameAs(CREATED);
			assertThat(devices.all()).extracting(UblkDevice::name).containsExactly("ram", "created");
			assertThat(Files.isSymbolicLink(this.run.resolve("created"))).isTrue();
		});
		assertThat(this.ublk.journal()).containsExactlyInAnyOrder("start ram", "start created", "stop ram",
				"stop created");
		assertThat(this.run).isEmptyDirectory();
	}

	@Test
	void nothingHappensBeforeSubscription() {
		with((context, devices) -> {
			assertThat(devices.create(CREATED, new TestDisks.Null())).isNotNull();
			assertThat(devices.stop("ram")).isNotNull();
			assertThat(this.ublk.journal()).containsExactly("start ram");
		});
	}

	@Test
	void storesAndStreamsServeCreatedDisks() {
		with((context, devices) -> {
			MemoryBlockStore store = MemoryBlockStore.sparse(1 << 20);
			BlockRequestStream stream = (requests) -> Mono.never();
			await(devices.create(CREATED, store));
			await(devices.createStream(DiskSpec.named("stream").size(1 << 20).build(), stream));
			assertThat(this.ublk.servers().subList(1, 3)).containsExactly(store, stream);
		});
	}

	@Test
	void diskWithoutRecoveryIsNotLeftToTheNextServer() {
		with((context, devices) -> {
			StepVerifier.create(devices.quiesce("ram"))
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(UblkException.class)
					.hasMessage("The disk 'ram' (store memory) cannot be left to the next server, because it has no "
							+ "recovery. Set ublk.devices.ram.recovery=reissue"))
				.verify(PATIENCE);
			assertThat(this.ublk.journal()).containsExactly("start ram");
		});
	}

	@Test
	void takenNameIsRefused() {
		with((context, devices) -> {
			DiskSpec ram = DiskSpec.named("ram").size(1 << 20).build();
			StepVerifier.create(devices.create(ram, new TestDisks.Null()))
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(InvalidDiskException.class)
					.hasMessageContaining("name is 'ram'"))
				.verify(PATIENCE);
			assertThat(this.ublk.journal()).containsExactly("start ram");
		});
	}

	@Test
	void nameOfDiskThatCouldNotBeCreatedIsFree() {
		UblkException failure = new UblkException("ADD_DEV failed", null);
		with((context, devices) -> {
			this.ublk.refuse("created", failure);
			StepVerifier.create(devices.create(CREATED, new TestDisks.Null()))
				.expectErrorSatisfies((ex) -> assertThat(ex).isSameAs(failure))
				.verify(PATIENCE);
			assertThat(devices.find("created")).isEmpty();
			this.ublk.accept("created");
			await(devices.create(CREATED, new TestDisks.Null()));
			assertThat(devices.find("created")).isPresent();
		});
	}

	@Test
	void stoppedDiskStaysVisibleWithoutItsLinkAndCanBeStartedAgain() {
		with((context, devices) -> {
			await(devices.stop("ram"));
			assertThat(devices.find("ram"))
				.hasValueSatisfying((device) -> assertThat(device.status().state()).isEqualTo(DeviceState.STOPPED));
			assertThat(this.run).isEmptyDirectory();
			UblkDevice again = await(devices.start("ram"));
			assertThat(again.status().state()).isEqualTo(DeviceState.LIVE);
			assertThat(devices.all()).containsExactly(again);
			assertThat(this.run.resolve("ram")).satisfies((link) -> assertThat(Files.isSymbolicLink(link)).isTrue());
		});
	}

	@Test
	void declaredStoreIsClosedAtTheStopAndOpenedAnewAtTheStart() {
		with((context, devices) -> {
			MemoryBlockStore first = (MemoryBlockStore) this.ublk.servers().get(0);
			await(devices.stop("ram"));
			assertThat(first.allocatedBytes()).isZero();
			await(devices.start("ram"));
			assertThat(this.ublk.servers().get(1)).isNotSameAs(first)
				.isInstanceOfSatisfying(MemoryBlockStore.class,
						(store) -> assertThat(store.allocatedBytes()).isEqualTo(1 << 20));
		});
	}

	@Test
	void stopOfStoppedDiskAndStartOfLiveDiskChangeNothing() {
		with((context, devices) -> {
			UblkDevice live = devices.find("ram").orElseThrow();
			assertThat(await(devices.start("ram"))).isSameAs(live);
			await(devices.stop("ram"));
			await(devices.stop("ram"));
			assertThat(this.ublk.journal()).containsExactly("start ram", "stop ram");
		});
	}

	@Test
	void failedDiskIsStoppedBeforeItIsStartedAgain() {
		with((context, devices) -> {
			UblkDevice device = devices.find("ram").orElseThrow();
			TestUblk.put(device, TestUblk.status(device.spec(), 0, DeviceState.FAILED, "gone"));
			assertThat(await(devices.start("ram"))).isNotSameAs(device);
			assertThat(this.ublk.journal()).containsExactly("start ram", "stop ram", "start ram");
		});
	}

	@Test
	void deletedDiskIsForgotten() {
		with((context, devices) -> {
			await(devices.create(CREATED, new TestDisks.Null()));
			await(devices.delete("created"));
			assertThat(this.ublk.journal()).endsWith("stop created");
			assertThat(devices.find("created")).isEmpty();
			await(devices.create(CREATED, new TestDisks.Null()));
			assertThat(this.ublk.journal()).endsWith("start created");
		});
	}

	@Test
	void declaredDiskCannotBeDeleted() {
		with((context, devices) -> {
			StepVerifier.create(devices.delete("ram"))
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(IllegalStateException.class)
					.hasMessage("The disk 'ram' (store memory) is declared, so it can be stopped, but not deleted. "
							+ "To be rid of it, set ublk.devices.ram.enabled=false"))
				.verify(PATIENCE);
			assertThat(this.ublk.journal()).containsExactly("start ram");
		});
	}

	@Test
	void unknownNameIsAnsweredWithTheKnownOnes() {
		with((context, devices) -> Flux.<Mono<?>>just(devices.start("rom"), devices.stop("rom"), devices.delete("rom"))
			.doOnNext((change) -> StepVerifier.create(change)
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(NoSuchBlockDeviceException.class)
					.hasMessage("There is no disk 'rom'. The disks are 'ram'."))
				.verify(PATIENCE))
			.blockLast());
	}

	@Test
	void changesOfOneDiskHappenOneAfterTheOther() {
		with((context, devices) -> {
			await(Flux.range(0, 200)
				.flatMap((i) -> (i % 2 == 0) ? devices.stop("ram") : devices.start("ram").then(), 200)
				.then());
			List<String> journal = this.ublk.journal();
			for (int i = 0; i < journal.size(); i++) {
				assertThat(journal.get(i)).isEqualTo((i % 2 == 0) ? "start ram" : "stop ram");
			}
			assertThat(journal).hasSizeGreaterThan(2);
		});
	}

	@Test
	void onlyOneOfManyCreatesOfOneNameSucceeds() {
		with((context, devices) -> {
			List<UblkDevice> created = Flux.range(0, 20)
				.flatMap((i) -> devices.create(CREATED, new TestDisks.Null())
					.onErrorResume(InvalidDiskException.class, (ex) -> Mono.empty()), 20)
				.collectList()
				.block(PATIENCE);
			assertThat(created).hasSize(1);
		});
	}

	@Test
	void contextThatIsStartedAgainBringsBackWhatItHasStopped() {
		with((context, devices) -> {
			await(devices.create(CREATED, new TestDisks.Null()));
			await(devices.stop("ram"));
			context.stop();
			assertThat(this.ublk.engine().devices()).isEmpty();
			context.start();
			assertThat(this.ublk.engine().devices()).extracting(UblkDevice::name).containsExactly("created");
		});
	}

	@Test
	void nothingStartsInContextThatHasStopped() {
		with((context, devices) -> {
			context.stop();
			for (Mono<UblkDevice> start : List.of(devices.create(CREATED, new TestDisks.Null()),
					devices.start("ram"))) {
				StepVerifier.create(start)
					.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(IllegalStateException.class)
						.hasMessageContaining("the application context has stopped"))
					.verify(PATIENCE);
			}
			assertThat(this.ublk.journal()).containsExactly("start ram", "stop ram");
		});
	}

	@Test
	void diskWhoseDeviceIsStoppedBySomebodyElseLosesItsLinkAndItsStore() {
		with((context, devices) -> {
			MemoryBlockStore store = (MemoryBlockStore) this.ublk.server();
			UblkDevice device = devices.find("ram").orElseThrow();
			await(device.stop());
			context.getBean(DeviceListener.class).stopped(device);
			await(devices.stop("ram"));
			assertThat(this.run).isEmptyDirectory();
			assertThat(store.allocatedBytes()).isZero();
		});
	}

	@Test
	void diskThatCannotBeStoppedKeepsItsStore() {
		with((context, devices) -> {
			UblkDevice device = devices.find("ram").orElseThrow();
			Mono<Void> works = device.stop();
			given(device.stop()).willReturn(Mono.error(new UblkException("STOP_DEV failed", null)));
			StepVerifier.create(devices.stop("ram")).expectError(UblkException.class).verify(PATIENCE);
			assertThat(((MemoryBlockStore) this.ublk.server()).allocatedBytes()).isEqualTo(1 << 20);
			given(device.stop()).willReturn(works);
			await(devices.stop("ram"));
			assertThat(((MemoryBlockStore) this.ublk.server()).allocatedBytes()).isZero();
		});
	}

	@Test
	void beanOfTheApplicationIsUsed() {
		BlockDevices own = mock(BlockDevices.class);
		this.contextRunner.withBean("own", BlockDevices.class, () -> own)
			.run((context) -> assertThat(context).getBean(BlockDevices.class).isSameAs(own));
	}

	private void with(Check check) {
		this.contextRunner.run((context) -> check.accept(context, context.getBean(BlockDevices.class)));
	}

	@SuppressWarnings("NullAway") // null for Mono<Void>
	private static <T> T await(Mono<T> change) {
		return change.block(PATIENCE);
	}

	private interface Check {

		void accept(AssertableApplicationContext context, BlockDevices devices);

	}

}
