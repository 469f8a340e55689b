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

package io.github.ublk4j.engine.uring;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs tests only where rings can be made, and says why not where they cannot.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(EnabledIfIoUring.Condition.class)
public @interface EnabledIfIoUring {

	/**
	 * Tries to make a ring.
	 */
	class Condition implements ExecutionCondition {

		@Override
		public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
			String reason = reason();
			if (reason == null) {
				return ConditionEvaluationResult.enabled("io_uring works here");
			}
			System.out.println(context.getDisplayName() + " is skipped: " + reason);
			return ConditionEvaluationResult.disabled(reason);
		}

		private static @Nullable String reason() {
			if (!LinuxPlatform.isLinux()) {
				return "io_uring is a feature of Linux";
			}
			String unsupported = LinuxPlatform.unsupportedReason();
			if (unsupported != null) {
				return unsupported;
			}
			try {
				new IoUring(1, 0).close();
				return null;
			}
			catch (LinuxException ex) {
				return ex.getMessage();
			}
		}

	}

}
