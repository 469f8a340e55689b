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

package io.github.ublk4j.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.simulation.SimulatedDriver;
import io.github.ublk4j.engine.simulation.SimulatedHost;
import io.github.ublk4j.metrics.DiskMetrics;
import io.github.ublk4j.proof.ProofRun;
import io.github.ublk4j.store.MemoryBlockStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A driver that grants another device than was asked for.
 */
@Timeout(3600)
class GrantFuzzTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(5);

	private final SimulatedHost host = new SimulatedHost();

	private final SimulatedDriver simulated = new SimulatedDriver(this.host, TIMEOUT);

	private final List<Integer> deleted = new ArrayList<>();

	@Test
	void deviceIsWhatWasAskedForOrRefusedAndDeleted() {
		ProofRun run = new ProofRun(getClass(), Duration.ofSeconds(1));
		Random random = run.random();
		int refused = 0;
		while (run.goesOn()) {
			DiskSpec spec = DiskSpec.named("disk")
				.size(1 << 20)
				.queues(1 + random.nextInt(4))
				.queueDepth(1 << random.nextInt(8))
				.maxIoSize(4096 << random.nextInt(4))
				.dataMode(oneOf(DataMode.values(), random))
				.recovery(oneOf(Recovery.values(), random))
				.build();
			this.deleted.clear();
			DeviceRequest request = new DeviceRequest(spec,
					DiskServer.of(MemoryBlockStore.sparse(1 << 20), UnaryOperator.identity()), corrupting(random),
					new EngineSettings(TIMEOUT, TIMEOUT, null, DiskMetrics.NONE, null, List.of(), List.of()));
			try {
				DeviceInfo info = request.submit(DeviceInfo.newToken()).info();
				assertThat(info.id()).as(run.toString()).isNotNegative();
				assertThat(info.queues()).as(run.toString()).isBetween(1, spec.queues());
				assertThat(info.queueDepth()).as(run.toString()).isEqualTo(spec.queueDepth());
				assertThat(info.maxIoSize()).as(run.toString())
					.isBetween(4096, spec.maxIoSize())
					.isEqualTo(info.maxIoSize() & -4096);
			}
			catch (UblkException ex) {
				refused++;
				assertThat(ex).as(run.toString()).hasMessageContaining("grant");
				assertThat(this.deleted).as(run.toString()).isNotEmpty();
			}
			this.simulated.deviceIds().forEach((id) -> this.simulated.delete(id, TIMEOUT));
		}
		assertThat(refused).as(run.toString()).isPositive();
	}

	private static <T> T oneOf(T[] all, Random random) {
		return all[random.nextInt(all.length)];
	}

	private Driver corrupting(Random random) {
		return (Driver) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Driver.class },
				(proxy, method, arguments) -> call(random, method, arguments));
	}

	private @Nullable Object call(Random random, Method method, Object @Nullable [] arguments) throws Throwable {
		if (method.getName().equals("delete") && arguments != null) {
			this.deleted.add((Integer) arguments[0]);
		}
		try {
			Object answer = method.invoke(this.simulated, arguments);
			return (answer instanceof DeviceInfo info && method.getName().equals("add")) ? corrupted(info, random)
					: answer;
		}
		catch (InvocationTargetException ex) {
			throw ex.getTargetException();
		}
	}

	private static DeviceInfo corrupted(DeviceInfo info, Random random) {
		int odd = switch (random.nextInt(3)) {
			case 0 -> random.nextInt();
			case 1 -> random.nextInt(10) - 2;
			default -> 4096 * random.nextInt(8) + random.nextInt(2);
		};
		return switch (random.nextInt(6)) {
			case 0 -> new DeviceInfo(odd, info.queues(), info.queueDepth(), info.maxIoSize(), info.flags(),
					info.state(), info.serverPid(), info.ownerUid(), info.ownerGid(), info.token());
			case 1 -> new DeviceInfo(info.id(), odd, info.queueDepth(), info.maxIoSize(), info.flags(), info.state(),
					info.serverPid(), info.ownerUid(), info.ownerGid(), info.token());
			case 2 -> new DeviceInfo(info.id(), info.queues(), odd, info.maxIoSize(), info.flags(), info.state(),
					info.serverPid(), info.ownerUid(), info.ownerGid(), info.token());
			case 3 -> new DeviceInfo(info.id(), info.queues(), info.queueDepth(), odd, info.flags(), info.state(),
					info.serverPid(), info.ownerUid(), info.ownerGid(), info.token());
			case 4 -> new DeviceInfo(info.id(), info.queues(), info.queueDepth(), info.maxIoSize(),
					info.flags() & random.nextLong(), info.state(), info.serverPid(), info.ownerUid(), info.ownerGid(),
					info.token());
			default -> info;
		};
	}

}
