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

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkUnavailableException;
import io.github.ublk4j.engine.UblkUnavailableException.Reason;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.UnservedBlockDevice;
import io.github.ublk4j.spring.actuate.UblkEndpoint;
import io.github.ublk4j.spring.actuate.UblkHealthContributor;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.UnsupportedHost;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class UnsupportedHostTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final Path file;

	private final ApplicationContextRunner contextRunner;

	UnsupportedHostTests(@TempDir Path directory) {
		this.file = directory.resolve("disk.img");
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class,
					UblkEndpointAutoConfiguration.class, UblkHealthContributorAutoConfiguration.class))
			.withUserConfiguration(TestDisks.Scratch.class)
			.withPropertyValues("ublk.devices.archive.store=file:" + this.file, "ublk.devices.archive.size=1MB",
					"management.endpoints.web.exposure.include=ublk");
	}

	@ParameterizedTest
	@EnumSource(Reason.class)
	void applicationStartsWithoutItsDisks(Reason reason, CapturedOutput output) {
		String why = "what was tried: ENOENT. The remedy.";
		unavailable(reason).withPropertyValues("ublk.unsupported-host=skip").run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output.getAll().lines().filter((line) -> line.contains("WARN"))).singleElement()
				.asString()
				.contains("without its disks [scratch, archive]", why);
			assertUnserved(context, why);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "Windows 11", "Mac OS X" })
	void applicationStartsOnOtherSystem(String system) {
		String before = System.setProperty("os.name", system);
		try {
			this.contextRunner.withPropertyValues("ublk.unsupported-host=skip").run((context) -> {
				assertThat(context).hasNotFailed();
				assertUnserved(context, "ublk is a feature of Linux; this is " + system
						+ ". Run the application on Linux 6.12 or newer, for example in a virtual machine.");
			});
		}
		finally {
			System.setProperty("os.name", before);
		}
	}

	@Test
	void applicationDoesNotStartByDefaultAndCreatesNoFile() {
		unavailable(Reason.MODULE_MISSING).run(
				(context) -> assertThat(context).getFailure().rootCause().isInstanceOf(UblkUnavailableException.class));
		assertThat(this.file).doesNotExist();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			ublk.devices.scratch.size=1000              | disk 'scratch': size is 1000
			ublk.devices.archive.size=1000              | disk 'archive': size is 1000
			ublk.devices.archive.store=floppy:a         | There is no store 'floppy:a'
			ublk.devices.archive.memory.pre-touch=true  | ublk.devices.archive.memory.pre-touch is for a disk with
			ublk.devices.scratch.queue-dept=1           | There is no property ublk.devices.scratch.queue-dept
			ublk.devices.other.size=1MB                 | There is nothing to serve the disk 'other'
			""")
	void whatIsDeclaredWronglyIsRefusedAllTheSame(String property, String message) {
		for (UnsupportedHost choice : UnsupportedHost.values()) {
			unavailable(Reason.MODULE_MISSING).withPropertyValues("ublk.unsupported-host=" + choice, property)
				.run((context) -> assertThat(context).getFailure().rootCause().hasMessageContaining(message));
		}
		assertThat(this.file).doesNotExist();
	}

	@Test
	void wrongMethodsAreRefusedAllTheSame() {
		ApplicationContextRunner skipping = unavailable(Reason.MODULE_MISSING)
			.withPropertyValues("ublk.unsupported-host=skip");
		skipping.withUserConfiguration(WrongSignature.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("cannot be its @OnRead"));
		skipping.withUserConfiguration(NoWrites.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("no method has @OnWrite"));
	}

	@Test
	void fileWithoutSizeIsNotOpened() {
		unavailable(Reason.MODULE_MISSING)
			.withPropertyValues("ublk.unsupported-host=skip", "ublk.devices.image.store=file:" + this.file)
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(this.file).doesNotExist();
	}

	@ParameterizedTest
	@ValueSource(strings = { "memory", "null", "pattern:42", "stripe" })
	void storeThatAlwaysNeedsSizeIsRefusedWithoutOne(String store) {
		unavailable(Reason.MODULE_MISSING)
			.withPropertyValues("ublk.unsupported-host=skip", "ublk.devices.ram.store=" + store,
					"ublk.devices.ram." + (store.equals("stripe") ? "stripe.stores=file:a.img,memory" : "queues=1"))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageStartingWith("disk 'ram': size is 0."));
	}

	@Test
	void beanThatIsMadeOnDemandIsNotMade() {
		unavailable(Reason.MODULE_MISSING).withPropertyValues("ublk.unsupported-host=skip")
			.withUserConfiguration(OnDemand.class)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBeanFactory().containsSingleton("onDemand")).isFalse();
			});
	}

	@Test
	void hostThatCanUseUblkServesTheDisks() {
		TestUblk ublk = new TestUblk();
		this.contextRunner.withBean(UblkEngine.class, ublk::engine)
			.withPropertyValues("ublk.unsupported-host=skip", "ublk.run-directory=" + this.file.resolveSibling("run"))
			.run((context) -> {
				assertThat(ublk.journal()).containsExactly("start scratch", "start archive");
				assertThat(context.getBean(BlockDevices.class).unserved()).isEmpty();
			});
	}

	@Test
	void diskThatIsNotServedCanBeStoppedButNotStarted() {
		unavailable(Reason.MODULE_MISSING).withPropertyValues("ublk.unsupported-host=skip").run((context) -> {
			BlockDevices devices = context.getBean(BlockDevices.class);
			StepVerifier.create(devices.stop("scratch")).expectComplete().verify(PATIENCE);
			StepVerifier.create(devices.start("scratch"))
				.expectErrorMessage("The disk 'scratch' is not served: what was tried: ENOENT. The remedy.")
				.verify(PATIENCE);
			StepVerifier.create(devices.delete("scratch")).expectError(IllegalStateException.class).verify(PATIENCE);
			StepVerifier.create(devices.create(spec(), new TestDisks.Null()))
				.expectError(UblkUnavailableException.class)
				.verify(PATIENCE);
			StepVerifier.create(devices.stop("other"))
				.expectErrorMessage("There is no disk 'other'. The disks are 'scratch', 'archive'.")
				.verify(PATIENCE);
		});
	}

	@Test
	void disksCanBeSwitchedOffAltogether(CapturedOutput output) {
		TestUblk ublk = new TestUblk();
		String why = "ublk.enabled is false. Remove the property, or set it to true, to serve disks.";
		this.contextRunner.withBean(UblkEngine.class, ublk::engine)
			.withPropertyValues("ublk.enabled=false")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(output).doesNotContain("WARN");
				assertUnserved(context, why);
				StepVerifier.create(context.getBean(BlockDevices.class).create(spec(), new TestDisks.Null()))
					.expectErrorMessage(why)
					.verify(PATIENCE);
			});
		assertThat(ublk.journal()).isEmpty();
	}

	private void assertUnserved(ApplicationContext context, String reason) {
		List<UnservedBlockDevice> disks = List.of(new UnservedBlockDevice("scratch", reason),
				new UnservedBlockDevice("archive", reason));
		BlockDevices devices = context.getBean(BlockDevices.class);
		assertThat(devices.all()).isEmpty();
		assertThat(devices.unserved()).isEqualTo(disks);
		assertThat(context.getBean(UblkEndpoint.class).devices().unserved()).isEqualTo(disks);
		assertThat(context.getBean(UblkHealthContributor.class).stream()).extracting((entry) -> entry.name())
			.containsExactly("scratch", "archive");
		assertThat(context.getBean(UblkHealthContributor.class).getContributor("archive"))
			.isInstanceOfSatisfying(HealthIndicator.class, (indicator) -> assertThat(indicator.health())
				.isEqualTo(Health.status(Status.UNKNOWN).withDetail("reason", reason).build()));
		assertThat(this.file).doesNotExist();
	}

	private ApplicationContextRunner unavailable(Reason reason) {
		return this.contextRunner.withBean("ublkEngine", UblkEngine.class, () -> {
			throw new UblkUnavailableException(reason, "what was tried: ENOENT.", "The remedy.", null);
		}, (definition) -> definition.setLazyInit(true));
	}

	private static DiskSpec spec() {
		return DiskSpec.named("created").size(1 << 20).build();
	}

	@BlockDevice(size = "1MB")
	static class WrongSignature {

		@OnRead
		String load() {
			return "";
		}

	}

	@BlockDevice(size = "1MB")
	static class NoWrites {

		@OnRead
		byte[] load(int length) {
			return new byte[length];
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OnDemand {

		@Bean
		@Lazy
		@BlockDevice(size = "1MB")
		BlockDeviceHandler onDemand() {
			throw new IllegalStateException("not to be made");
		}

	}

}
