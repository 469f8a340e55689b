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

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.spring.BlockDevices;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.support.ui.Select;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.ActiveProfiles;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The page in a real browser, on the simulated driver under the generated load.
 * Screenshots are in {@code target/screenshots}, or, when there is a minute to show,
 * where {@code -Dublk.screenshots} says.
 */
@Tag("browser")
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@ActiveProfiles("simulated")
@DirtiesContext
@TestInstance(Lifecycle.PER_CLASS)
class PageInBrowserTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final int WIDTH = 1280;

	private final BlockDevices devices;

	private final String address;

	@SuppressWarnings("NullAway.Init")
	private Browser browser;

	PageInBrowserTests(@Autowired BlockDevices devices, @LocalServerPort int port) {
		this.devices = devices;
		this.address = "http://localhost:" + port;
	}

	// not once before all: then nobody would hear why they were skipped
	@BeforeEach
	void openPage() {
		if (this.browser == null) {
			this.browser = Browser.start();
		}
		this.browser.resize(WIDTH);
		this.browser.useScheme("light");
		this.browser.driver().get(this.address + "/");
		await(() -> assertThat(this.browser.driver().findElements(By.cssSelector("article .state"))).hasSize(3)
			.allMatch((state) -> state.getText().equals("live")));
	}

	@AfterAll
	void closeBrowser() {
		if (this.browser != null) {
			this.browser.close();
		}
	}

	@Test
	void showsDisksAtWork() {
		assertThat(this.browser.driver().findElements(By.tagName("h2"))).filteredOn(WebElement::isDisplayed)
			.extracting(WebElement::getText)
			.containsExactlyInAnyOrder("scratch", "archive", "remote");
		assertThat(this.browser.find(By.id("simulated")).getText()).startsWith("Simulated driver.");
		await(() -> {
			assertThat(number(disk("remote", ".legend b"))).isPositive();
			assertThat(disk("remote", "[data-latency] tbody tr:nth-child(2) td span").getText()).endsWith("ms");
			assertThat(this.browser.driver().findElements(inDisk("remote", ".tags i.read"))).isNotEmpty();
			assertThat(Long.parseLong(String.valueOf(this.browser.evaluate(colours("scratch"))))).isGreaterThan(20);
		});
	}

	// of the pixels of the heat map: one would be a map where nothing happens
	private static String colours(String disk) {
		return "(() => { const canvas = document.querySelector('[aria-labelledby=disk-" + disk + "] canvas');"
				+ " const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
				+ " return new Set(new Uint32Array(pixels.buffer)).size; })()";
	}

	@Test
	void fetchesNothingFromElsewhereAndComplainsOfNothing() {
		assertThat(this.browser.evaluate("performance.getEntriesByType('resource').map((each) => each.name)"
				+ ".filter((name) => !name.startsWith('" + this.address + "/')).join()"))
			.isEqualTo("");
		assertThat(this.browser.evaluate("performance.getEntriesByType('resource').length > 5")).isEqualTo("true");
		assertThat(this.browser.complaints()).isEmpty();
	}

	@Test
	void disksArePausedAndResumedByKeyboard() {
		for (int i = 0; i < 30 && !"Pause remote".equals(focused().getAccessibleName()); i++) {
			focused().sendKeys(Keys.TAB);
		}
		WebElement button = focused();
		assertThat(button.getAccessibleName()).isEqualTo("Pause remote");
		button.sendKeys(Keys.ENTER);
		await(() -> assertThat(disk("remote", ".state").getText()).isEqualTo("paused"));
		assertThat(queues("remote")).allMatch(QueueStatus::paused);
		await(() -> assertThat(disk("remote", "[data-total=requests]").getText()).isEqualTo("0 /s"));
		assertThat(focused().getAccessibleName()).isEqualTo("Resume remote");
		focused().sendKeys(Keys.SPACE);
		await(() -> assertThat(disk("remote", ".state").getText()).isEqualTo("live"));
		assertThat(queues("remote")).noneMatch(QueueStatus::paused);
	}

	@Test
	void placesOnTheDiskAreFoundByKeyboard() {
		WebElement map = disk("scratch", "canvas");
		map.sendKeys(Keys.END, Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_DOWN);
		assertThat(map.getAriaRole()).isEqualTo("slider");
		assertThat(map.getAccessibleName()).isEqualTo("Blocks of scratch");
		assertThat(map.getDomAttribute("aria-valuenow")).isEqualTo("129");
		assertThat(map.getDomAttribute("aria-valuetext")).startsWith("32.3 MiB to 32.5 MiB: ")
			.isEqualTo(disk("scratch", "output").getText());
	}

	@Test
	void textOfAnErrorIsShown() {
		this.browser.driver()
			.executeScript("const send = window.fetch; window.fetch = (address, options) =>"
					+ " send(address, { ...options, body: '{\"action\":\"explode\"}' })");
		disk("archive", "[data-pause]").click();
		await(() -> assertThat(disk("archive", "[role=alert] span").getText())
			.isEqualTo("Could not pause archive: There is no such action"));
		disk("archive", "[role=alert] button").sendKeys(Keys.ENTER);
		assertThat(disk("archive", "[role=alert]").getText()).isEmpty();
		assertThat(focused().getAccessibleName()).isEqualTo("Pause archive");
		this.browser.complaints();
	}

	@Test
	void faultsAreTurnedOnAndOff() {
		WebElement fail = find("button[data-layer=error]");
		await(() -> assertThat(fail.getAccessibleName()).isEqualTo("Fail 10% of requests: archive"));
		fail.click();
		await(() -> {
			assertThat(fail.getDomAttribute("aria-pressed")).isEqualTo("true");
			assertThat(disk("archive", "[data-total=errors]").getText()).isNotEqualTo("0 /s");
		});
		fail.sendKeys(Keys.SPACE);
		await(() -> assertThat(fail.getDomAttribute("aria-pressed")).isEqualTo("false"));
		find("button[data-layer=delay]").click();
		await(() -> assertThat(disk("archive", "[data-latency] tr.sum td:nth-child(3)").getText()).endsWith(" ms"));
		find("button[data-layer=delay]").click();
		await(() -> assertThat(find("button[data-layer=delay]").getDomAttribute("aria-pressed")).isEqualTo("false"));
	}

	@Test
	void valueThatALayerCannotHaveIsExplained() {
		await(() -> new Select(disk("archive", "form select")).selectByValue("error/rate"));
		WebElement value = disk("archive", "form input");
		assertThat(value.getDomProperty("value")).isIn("0", "0.0");
		value.clear();
		value.sendKeys("often", Keys.ENTER);
		await(() -> assertThat(disk("archive", "[role=alert] span").getText()).startsWith(
				"Could not change error of archive: The option 'rate' of the layer 'error' cannot be 'often'. Use 0"));
		this.browser.complaints();
	}

	@Test
	void applicationThatDoesNotAnswerIsReported() {
		this.browser.useNetwork(false);
		try {
			disk("archive", "[data-pause]").click();
			await(() -> assertThat(disk("archive", "[role=alert] span").getText())
				.isEqualTo("Could not pause archive: the application does not answer"));
		}
		finally {
			this.browser.useNetwork(true);
			this.browser.complaints();
		}
	}

	@Test
	void everythingThatCanBeUsedHasAName() {
		List<WebElement> controls = this.browser.driver()
			.findElements(By.cssSelector("a, button, select, input, canvas, table, article"));
		assertThat(controls).hasSizeGreaterThan(12)
			.filteredOn(WebElement::isDisplayed)
			.extracting(WebElement::getAccessibleName)
			.doesNotContainNull()
			.doesNotContain("");
	}

	@ParameterizedTest
	@ValueSource(strings = { "light", "dark" })
	void followsTheSchemeOfTheSystem(String scheme) throws IOException {
		this.browser.useScheme(scheme);
		boolean dark = "dark".equals(scheme);
		assertThat(this.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
			.isEqualTo(dark ? "rgb(13, 17, 23)" : "rgb(244, 246, 249)");
		// the canvas does not follow by itself
		await(() -> assertThat(Long.parseLong(String.valueOf(this.browser
			.evaluate("(() => { const canvas = document.querySelector('canvas'); return canvas.getContext('2d')"
					+ ".getImageData(0, 0, 1, 1).data[0]; })()"))))
			.matches((red) -> dark == (red < 128)));
		String folder = System.getProperty("ublk.screenshots");
		if (folder == null) {
			folder = "target/screenshots";
		}
		else {
			Awaitility.await().atMost(PATIENCE.multipliedBy(2)).pollDelay(PATIENCE).until(() -> true);
		}
		long height = Long.parseLong(String.valueOf(this.browser.evaluate("document.documentElement.scrollHeight")));
		this.browser.saveScreenshot(Path.of(folder, "sample-page-" + scheme + ".png"), WIDTH, height);
	}

	@ParameterizedTest
	@ValueSource(ints = { 360, 800, 1920 })
	void fitsTheWindow(int width) {
		this.browser.resize(width);
		await(() -> assertThat(this.browser.evaluate("document.documentElement.scrollWidth"))
			.isEqualTo(String.valueOf(width)));
	}

	private WebElement find(String selector) {
		return this.browser.find(By.cssSelector(selector));
	}

	private WebElement disk(String name, String part) {
		return this.browser.find(inDisk(name, part));
	}

	private static By inDisk(String name, String part) {
		return By.cssSelector("[aria-labelledby=disk-" + name + "] " + part);
	}

	private WebElement focused() {
		return this.browser.driver().switchTo().activeElement();
	}

	private List<QueueStatus> queues(String disk) {
		return this.devices.find(disk).orElseThrow().status().queues();
	}

	private static long number(WebElement element) {
		return Long.parseLong(element.getText().replace(",", ""));
	}

	private static void await(Runnable assertion) {
		Awaitility.await().atMost(PATIENCE).ignoreExceptions().untilAsserted(assertion::run);
	}

}
