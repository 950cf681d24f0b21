export const signIn = {
  title: 'Sign in',
  lead: 'For cleaners and the dispatch team.',
  email: 'E-mail',
  password: 'Password',
  submit: 'Sign in',
  wrong: 'E-mail and password do not match.',
  limited: 'Too many tries. Wait a minute and try again.',
  failed: 'Signing in did not work. Try again.',
  customerHint: 'You want to book a cleaning?',
  customerLink: 'No account needed',
  wrongRole: 'This account is for another part of the product.',
};
