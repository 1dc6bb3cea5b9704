// Walks through the order form as a buyer does, up to the page before the last.
const CONTACT = { family_name: 'Пример', given_name: 'Гость', phone: '+77010000003', email: 'guest@example.kz' };

export const next = (page) => page.click('main button[name=go]');

// Returns the response of the page that follows.
export async function press(page, button) {
  const [answer] = await Promise.all([page.waitForNavigation(), page.click(button)]);
  return answer;
}

// `seen` is given the response of each step.
export async function toLastStep(page, product, seen = () => {}) {
  await page.goto(product);
  await press(page, 'main form[action$="/cart/"] button');
  await seen(await press(page, 'main a[href$="/checkout/"]'));
  for (const [name, answer] of Object.entries(CONTACT)) await page.type(`[name=${name}]`, answer);
  await seen(await press(page, 'main button[name=go]'));
  await page.click('[name=delivery][value=pickup]');
  await seen(await press(page, 'main button[name=go]'));
  await page.click('[name=payment][value=cash]');
}
