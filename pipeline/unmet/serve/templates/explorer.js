"use strict";
document.documentElement.classList.add("js");
// Letters are sent one by one, a few at a time, so that each shows as soon as it is read. Without this, the form sends them all.
(() => {
  const form = document.getElementById("drop");
  const input = document.getElementById("files");
  const list = document.getElementById("uploads");
  const progress = document.getElementById("progress");
  const AT_A_TIME = 4;
  const most = Number(form.dataset.most);
  const queue = [];
  let sending = 0, done = 0, failed = 0, all = 0;

  const element = (kind, css, words) => {
    const one = document.createElement(kind);
    one.className = css;
    one.textContent = words;
    return one;
  };

  function tell() {
    progress.textContent = done < all ? `Reading: ${done} of ${all} done` : `${all - failed} of ${all} read` + (failed ? `, ${failed} could not be` : "");
    if (done < all) return;
    const ids = [...list.querySelectorAll("[data-id]")].map((item) => item.dataset.id);
    // A page that is loaded again shows the same letters.
    history.replaceState(null, "", `/?read=${ids.join(".")}`);
  }

  function fail(item, words) {
    item.classList.add("failed");
    item.querySelector(".state").textContent = `could not be read: ${words}`;
    failed += 1;
  }

  function show(item, told) {
    item.dataset.id = told.id;
    if (told.error) return fail(item, told.error);
    const link = element("a", "name", told.case_number || told.name);
    link.href = told.url;
    item.querySelector(".name").replaceWith(link);
    const count = `${told.requests} request${told.requests === 1 ? "" : "s"}, ${told.denied} denied`;
    item.querySelector(".state").textContent = told.is_determination ? count : "not a determination letter";
    const outcomes = { upheld: "denial upheld", overturned: "denial overturned", partial: "partly overturned" };
    if (told.outcome) item.append(element("span", `outcome ${told.outcome}`, outcomes[told.outcome]));
    if (told.case_number) item.append(element("span", "file", told.name));
  }

  async function send(file, item) {
    if (file.size > most) return fail(item, `is larger than ${most >> 20} MB; a letter is far smaller`);
    item.querySelector(".state").textContent = "reading…";
    const body = new FormData();
    body.append("letter", file, file.name);
    try {
      for (let tries = 0; ; tries += 1) {
        const answer = await fetch("/letters", { method: "POST", body, headers: { Accept: "application/json" } });
        if (answer.status === 503 && tries < 60) {
          item.querySelector(".state").textContent = "waiting for its turn…";
          await new Promise((go) => setTimeout(go, 1000 * (Number(answer.headers.get("Retry-After")) || 5)));
          continue;
        }
        if (answer.status === 401) return location.assign("/login");
        const told = await answer.json();
        return answer.ok ? show(item, told) : fail(item, told.error);
      }
    } catch {
      return fail(item, "the server does not answer");
    }
  }

  async function next() {
    if (sending >= AT_A_TIME || !queue.length) return;
    sending += 1;
    const [file, item] = queue.shift();
    await send(file, item);
    sending -= 1;
    done += 1;
    tell();
    next();
  }

  function take(files) {
    if (!files.length) return;
    document.getElementById("results").hidden = false;
    for (const file of files) {
      const item = element("li", "upload", "");
      item.append(element("span", "name", file.name), " ", element("span", "state", "waiting…"));
      list.append(item);
      queue.push([file, item]);
      all += 1;
    }
    tell();
    for (let one = 0; one < AT_A_TIME; one += 1) next();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take([...input.files]);
    form.reset();
  });
  input.addEventListener("change", () => form.requestSubmit());
  form.querySelector("button").hidden = true;
  // Dropped beside the field, a file would else take the place of the page.
  for (const kind of ["dragenter", "dragover"]) {
    addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
})();
