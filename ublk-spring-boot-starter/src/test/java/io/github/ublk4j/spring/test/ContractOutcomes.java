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

package io.github.ublk4j.spring.test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiskSpec;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/**
 * What the contract says of a disk.
 */
final class ContractOutcomes {

	private ContractOutcomes() {
	}

	/**
	 * Runs all of its tests.
	 * @return what each said, by its name
	 */
	static Map<String, String> of(DiskSpec spec, BlockDeviceHandler handler) {
		Map<String, String> outcomes = new TreeMap<>();
		try (BlockDeviceTestClient client = BlockDeviceTestClient.of(spec, handler)) {
			BlockDeviceContract contract = contract(client);
			for (Method test : BlockDeviceContract.class.getDeclaredMethods()) {
				if (test.isAnnotationPresent(Test.class)) {
					outcomes.put(test.getName(), outcome(test, contract));
				}
			}
		}
		return outcomes;
	}

	private static BlockDeviceContract contract(BlockDeviceTestClient client) {
		return new BlockDeviceContract() {

			@Override
			protected BlockDeviceTestClient client() {
				return client;
			}

			@Override
			protected Duration patience() {
				return Duration.ofSeconds(2);
			}

			@Override
			protected long seed() {
				return 4711;
			}

		};
	}

	private static String outcome(Method test, BlockDeviceContract contract) {
		try {
			test.invoke(contract);
			return "fulfilled";
		}
		catch (InvocationTargetException ex) {
			Throwable failure = Objects.requireNonNull(ex.getCause());
			return ((failure instanceof TestAbortedException) ? "skipped: " : "violated: ") + failure.getMessage();
		}
		catch (IllegalAccessException ex) {
			throw new AssertionError(ex);
		}
	}

}
