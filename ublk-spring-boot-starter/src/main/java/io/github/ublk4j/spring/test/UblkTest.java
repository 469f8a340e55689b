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

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.github.ublk4j.spring.autoconfigure.BlockDeviceAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkAutoConfiguration;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.test.context.TestPropertySource;

/**
 * Runs the disks of a test's application on a simulated driver in memory. The test needs
 * no Linux and no privileges. {@link BlockDeviceTestClient} can be injected to use the
 * disks.
 * <p>
 * Stands beside {@code @SpringBootTest}, which starts the whole application, or
 * {@code @SpringJUnitConfig}, which starts the disks among its classes and nothing else.
 * An application that brings an engine of its own keeps it, and must build it with the
 * bean of type {@code SimulatedUblk}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ImportAutoConfiguration({ UblkTestAutoConfiguration.class, UblkAutoConfiguration.class,
		BlockDeviceAutoConfiguration.class })
@TestPropertySource(properties = "ublk.run-directory=${java.io.tmpdir}/ublk4j-test")
public @interface UblkTest {

}
