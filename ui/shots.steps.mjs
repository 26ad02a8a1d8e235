// What a person does in the window before a picture of it is taken.

export const press = (name) => (page) => page.getByRole("button", { name, exact: true }).click();
export const chooseFolder = async (page) => {
  await page.getByRole("button", { name: /Choose a folder/ }).click();
  await page.getByRole("button", { name: /Change/ }).waitFor();
};
export const toSetUp = (page) => page.getByRole("button", { name: /Set up my archive/ }).click();
export const toNames = async (page) => {
  await toSetUp(page);
  await chooseFolder(page);
  await press("Continue")(page);
};
export const toMailbox = async (page) => {
  await toNames(page);
  await press("Continue")(page);
};
export const toForm = async (page, service) => {
  await toMailbox(page);
  await page.getByRole("button", { name: service }).click();
  await page.getByRole("heading", { name: /Sign in to/ }).waitFor();
};
export const fillNextcloud = async (page) => {
  await page.getByLabel("Server").fill("cloud.example.org");
  await page.getByLabel("User").fill("anna");
  await page.getByLabel("Password").fill("abcde-fghij-klmno");
};
export const toCompare = async (page) => {
  await toForm(page, "A NAS or a server that speaks SFTP");
  await page.getByLabel("User").fill("anna");
  await page.getByLabel("Server").fill("nas.local");
  await page.getByLabel("Folder").fill("~/offsync");
  await press("Go on")(page);
  await page.getByText("show the same?").waitFor();
};
export const toLine = async (page) => {
  await toCompare(page);
  await press("It is the same")(page);
  await page.getByText("Let this computer in").waitFor();
};
export const toAccount = async (page) => {
  await toForm(page, "Nextcloud or ownCloud");
  await fillNextcloud(page);
  await press("Sign in")(page);
  await page.getByText("The mailbox goes to").waitFor();
};
export const toMove = async (page) => {
  await press("Move it")(page);
  await page.getByRole("button", { name: /Choose a folder/ }).click();
};
export const toSummary = async (page) => {
  await toMailbox(page);
  await chooseFolder(page);
  await press("Continue")(page);
};
export const toWorking = async (page) => {
  await toSummary(page);
  await press("Set it up")(page);
  await page.waitForTimeout(1500);
};
export const toDone = async (page) => {
  await toSummary(page);
  await press("Set it up")(page);
  await page.getByRole("button", { name: "Open Offsync" }).waitFor();
};
